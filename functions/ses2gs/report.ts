/** What the log and the metrics are told of attempts. It decides nothing. */
import type { DeliveryFacts } from '../core/deliver.ts';
import { type DeliveryStatus, outcomeOf } from '../core/delivery-status.ts';
import { isConfigurationError } from './configuration-error.ts';
import { digest, logger, withoutAddresses } from './log.ts';
import { count } from './metrics.ts';

/** Tells how an attempt for one recipient ended. */
export function reportAttempt(recipient: string, status: DeliveryStatus, facts: DeliveryFacts = {}): void {
  const { kind, code, httpStatus } = status;
  const outcome = outcomeOf(status);
  const { route, group } = facts;
  const detail = withoutAddresses(status.detail);
  const line = { outcome, code, kind, detail, httpStatus, route, group, recipient: digest(recipient) };
  if (isConfigurationError(status)) count('ConfigurationError', code);
  if (outcome === 'delivered') {
    count('Delivered', code);
    logger.info('delivered', line);
  } else if (kind === 'internal-error' && !isOfAws(status.cause)) {
    logger.error('an error that is on no list', { ...line, error: status.cause });
  } else {
    logger.warn(outcome === 'deferred' ? 'deferred' : 'cannot be delivered', line);
  }
  logger.debug('recipient', { recipient: digest(recipient), address: recipient });
}

/** A service that is busy or in trouble; its error is named in the detail. */
function isOfAws(cause: unknown): boolean {
  return cause instanceof Error && '$metadata' in cause;
}

/** Tells that something was done and the ledger does not know. */
export function reportLedgerError(error: unknown): void {
  logger.error('done, but the ledger could not be told: a duplicate would be delivered again', { error });
}
