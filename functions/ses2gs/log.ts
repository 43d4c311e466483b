/**
 * The log: JSON lines whose correlation id is SES's message id. No subject, no body, no token; mail addresses at level
 * debug only, elsewhere a digest that tells recipients apart.
 */
import { createHash } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';

export const logger = new Logger({ serviceName: 'ses2gs' });

/** Gives twelve digits that stand for an address. */
export function digest(address: string): string {
  return createHash('sha256').update(address).digest('hex').slice(0, 12);
}

/** Takes the addresses out of a text. */
export function withoutAddresses(text: string | undefined): string | undefined {
  return text?.replaceAll(/[^\s<>"]+@[^\s<>"]+/g, '<address>');
}
