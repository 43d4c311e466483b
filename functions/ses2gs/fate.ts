/**
 * What becomes of recipients that a mail did not reach: a bounce for those that it never will, another try for the
 * others, and when it is too old for that, the dead-letter queue or a bounce, as the settings say. Nothing is bounced
 * that a change of configuration could mend. It does not reject.
 */
import { type DeliveryStatus, statusText } from '../core/delivery-status.ts';
import { type BounceResult, bounceTogether } from './bounce-together.ts';
import { isConfigurationError } from './configuration-error.ts';
import { count } from './metrics.ts';
import { reportAttempt, reportLedgerError } from './report.ts';
import { bounceAge, expiryAge } from './schedule.ts';
import type { Deferred, Failed, Work } from './work.ts';

/** What is to be done with the message of the queue. */
export type Fate =
  /** Nothing more. */
  | { readonly kind: 'done' }
  | {
      readonly kind: 'retry';
      /** Seconds that the server asked for. */
      readonly retryAfter: number;
      /** Nothing was wrong; it may be soon. */
      readonly isUntried: boolean;
    }
  /** To be put aside for these recipients. */
  | { readonly kind: 'park'; readonly recipients: readonly string[]; readonly reason: string };

/** Bounces what failed for good; gives back what could not be bounced, and now waits like the rest. */
export async function bounceFailed(failed: readonly Failed[], age: number, work: Work): Promise<Deferred[]> {
  if (failed.length === 0) return [];
  const undelivered = failed.map(({ recipient, status, claim }) => ({ ...status, recipient, claim }));
  const result = await bounceTogether(undelivered, age, work);
  switch (result.kind) {
    case 'bounced':
      return [];
    case 'suppressed':
      // Done for good: or else it would be looked up and counted again with the recipients that are still to be reached.
      for (const { claim } of failed) await claim?.complete('bounce-suppressed').catch(reportLedgerError);
      return [];
    case 'too-old':
      return failed.map((each) => ({ ...each, kind: 'deferred', lifetime: 0 }));
    case 'deferred':
      return failed.map(({ recipient }) => waitingForBounce(recipient, result.status));
  }
}

/** Decides about recipients that were not reached; without `work` the settings cannot be read, and nothing is bounced. */
export async function fateOf(left: readonly Deferred[], age: number, work?: Work): Promise<Fate> {
  if (left.length === 0) return { kind: 'done' };
  if (left.some(({ lifetime }) => age < lifetime)) return retry(left);
  if (left.some(({ lifetime }) => lifetime > 0)) count('Expired');
  const { result, bounced } = await bounceExpired(left, age, work);
  if (result?.kind === 'deferred')
    return retry(left.map(({ recipient }) => waitingForBounce(recipient, result.status)));
  const parked = left.filter((each) => result?.kind !== 'bounced' || !bounced.includes(each));
  if (parked.length === 0) return { kind: 'done' };
  const reasons = new Set(parked.map(({ status }) => `${status.code} ${statusText(status)}`));
  return { kind: 'park', recipients: parked.map(({ recipient }) => recipient), reason: [...reasons].join('; ') };
}

function retry(left: readonly Deferred[]): Fate {
  for (const { status } of left) count('Deferred', status.code);
  return {
    kind: 'retry',
    retryAfter: Math.max(...left.map(({ status }) => status.retryAfter ?? 0)),
    isUntried: left.every((each) => each.isUntried === true),
  };
}

/** Tells the sender that the time is over, where the settings ask for it. */
async function bounceExpired(
  left: readonly Deferred[],
  age: number,
  work: Work | undefined,
): Promise<{ result?: BounceResult; bounced: readonly Deferred[] }> {
  if (work?.settings.expiryAction !== 'bounce' || age >= bounceAge) return { bounced: [] };
  const bounced = left.filter(({ status, lifetime }) => lifetime === expiryAge && !isConfigurationError(status));
  if (bounced.length === 0) return { bounced };
  // RFC 3463 X.4.7: Delivery time expired.
  const expired = { code: '4.4.7', text: 'The group server could not be reached in time' };
  const undelivered = bounced.map(({ recipient, claim }) => ({ ...expired, recipient, claim }));
  return { result: await bounceTogether(undelivered, age, work), bounced };
}

function waitingForBounce(recipient: string, status: DeliveryStatus): Deferred {
  reportAttempt(recipient, status);
  return { kind: 'deferred', recipient, status, lifetime: bounceAge };
}
