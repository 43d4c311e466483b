/**
 * Bounces the recipients of a mail that failed together, if that is safe: all in one call. It takes the claims of those
 * that were bounced as done, and says of the others why not. It does not reject.
 */
import { DeliveryFailure, type DeliveryStatus, statusOf } from '../core/delivery-status.ts';
import { awsFailure } from './aws-failure.ts';
import { sendBounce, type Undelivered } from './bounce.ts';
import { bounceHeader } from './bounce-header.ts';
import type { Claim } from './ledger.ts';
import { logger } from './log.ts';
import { count } from './metrics.ts';
import { reportLedgerError } from './report.ts';
import { reasonNotToBounce } from './safe-to-bounce.ts';
import { bounceAge } from './schedule.ts';
import { domainOf } from './sites.ts';
import type { Work } from './work.ts';

export type BounceResult =
  | { readonly kind: 'bounced' }
  /** The sender will not be told. */
  | { readonly kind: 'suppressed'; readonly why: string }
  /** SES takes no bounce for a mail of this age. */
  | { readonly kind: 'too-old' }
  | { readonly kind: 'deferred'; readonly status: DeliveryStatus };

/** Bounces to one sender domain in a day: what a misused list costs us at most. */
const dailyLimit = 50;

/** Milliseconds that must be left. */
const timeToBounce = 8000;

/** Bounces; `age` in seconds. */
export async function bounceTogether(
  undelivered: readonly (Undelivered & { readonly claim: Claim | undefined })[],
  age: number,
  work: Work,
): Promise<BounceResult> {
  const { mail, settings, ledger } = work;
  if (age >= bounceAge) return { kind: 'too-old' };
  try {
    const stored = await work.stored();
    if (!stored) throw new DeliveryFailure('message-unreadable', `there is no object ${mail.key}`);
    const domain = domainOf(mail.sender);
    const why =
      reasonNotToBounce(mail, await bounceHeader(stored), settings) ??
      ((await ledger.bouncesToday(domain)) < dailyLimit ? undefined : 'too many bounces to this domain today');
    if (why !== undefined) {
      for (const { code } of undelivered) count('BounceSuppressed', code);
      logger.warn('not bounced', { why, codes: undelivered.map(({ code }) => code) });
      return { kind: 'suppressed', why };
    }
    if (work.remaining() < timeToBounce) throw new DeliveryFailure('no-slot', 'no time is left for a bounce');
    await sendBounce(mail.messageId, settings.bounceSender, undelivered);
    await ledger.countBounce(domain).catch(reportLedgerError);
  } catch (error) {
    return { kind: 'deferred', status: statusOf(awsFailure(error, 'bounce')) };
  }
  for (const { code, claim } of undelivered) {
    count('Bounced', code);
    await claim?.complete('bounced').catch(reportLedgerError);
  }
  logger.info('bounced', { codes: undelivered.map(({ code }) => code) });
  return { kind: 'bounced' };
}
