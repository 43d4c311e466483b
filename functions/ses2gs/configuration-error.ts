/**
 * Which failures an administrator has to mend: those alarm at once, and mail is never bounced for them, however old it
 * gets (research/serverless.md section 3.4). Pure.
 */
import type { DeliveryStatus } from '../core/delivery-status.ts';

/** HTTP statuses that pass by themselves, beside 5xx. */
const passing = new Set([408, 425, 429]);

export function isConfigurationError({ kind, httpStatus }: DeliveryStatus): boolean {
  if (kind === 'config-invalid' || kind === 'url-without-host') return true;
  if (httpStatus === undefined || httpStatus >= 500 || passing.has(httpStatus)) return false;
  // A redirect that may not be followed is told as server-unreachable.
  return kind === 'answer-not-understood' || kind === 'server-unreachable';
}

/** Says whether another token may help: the form was refused, or access was. */
export function mayBeStaleToken({ kind, httpStatus }: DeliveryStatus): boolean {
  return kind === 'answer-not-understood' && (httpStatus === 200 || httpStatus === 401 || httpStatus === 403);
}
