/**
 * One attempt to deliver a mail to one of its recipients: finds the site, claims the delivery in the ledger, hands the
 * mail to the core, and again at once when the server refused a token that has been replaced meanwhile. What becomes of
 * a mail that was not delivered is decided elsewhere. It does not reject.
 */
import { type Delivery, deliver } from '../core/deliver.ts';
import { DeliveryFailure, outcomeOf, statusOf } from '../core/delivery-status.ts';
import { checkSize } from '../core/limit.ts';
import { withOriginalRecipient } from '../core/message.ts';
import { awsFailure } from './aws-failure.ts';
import { mayBeStaleToken } from './configuration-error.ts';
import { post } from './post.ts';
import { withLowerCaseDomain } from './received-mail.ts';
import { reportAttempt, reportLedgerError } from './report.ts';
import { attemptTime, expiryAge, objectAge } from './schedule.ts';
import { type SiteServer, siteServer } from './site-server.ts';
import { type Site, siteOf } from './sites.ts';
import type { Attempt, Deferred, Work } from './work.ts';

/** Makes the attempt. */
export async function attempt(recipient: string, work: Work): Promise<Attempt> {
  const site = siteOf(work.settings.sites, recipient);
  if (!site)
    return deferred(recipient, failure('config-invalid', 'no site has the domain of the recipient'), { lifetime: 0 });
  const time = attemptTime(work.remaining(), work.settings.timeout);
  if (time === undefined) return untried(recipient, 'no time is left in this invocation');
  const signal = AbortSignal.timeout(time);
  const claiming = work.ledger.claim(deliveryName(recipient, work), work.remaining());
  // The mail is fetched while the ledger is asked; its error is met where the mail is needed.
  const [claimed] = await Promise.allSettled([claiming, work.stored()]);
  if (claimed.status === 'rejected') return deferred(recipient, awsFailure(claimed.reason, 'ledger'));
  const claim = claimed.value;
  if (claim === 'done') return { kind: 'done', recipient };
  if (claim === 'claimed-by-another') return untried(recipient, 'another worker is delivering it');
  const { status, facts, isMissing } = await tried(recipient, site, work, signal);
  reportAttempt(recipient, status, facts);
  switch (outcomeOf(status)) {
    case 'delivered':
      // The mail is there: an error must not make it be delivered again.
      await claim.complete(status.kind).catch(reportLedgerError);
      return { kind: 'done', recipient };
    case 'bounced':
      return { kind: 'failed', recipient, status, claim };
    case 'deferred':
      return { kind: 'deferred', recipient, status, claim, lifetime: isMissing ? objectAge : expiryAge };
  }
}

/** Makes a deferred attempt of anything thrown. */
export function deferred(recipient: string, error: unknown, more: Partial<Deferred> = {}): Deferred {
  const status = statusOf(error);
  reportAttempt(recipient, status);
  return { kind: 'deferred', recipient, status, lifetime: expiryAge, ...more };
}

function untried(recipient: string, why: string): Deferred {
  return deferred(recipient, failure('no-slot', why), { lifetime: Number.POSITIVE_INFINITY, isUntried: true });
}

function failure(kind: 'config-invalid' | 'no-slot' | 'message-unreadable', why: string): DeliveryFailure {
  return new DeliveryFailure(kind, why);
}

/** Names the delivery in the ledger. */
function deliveryName(recipient: string, { mail, again }: Work): string {
  const name = `${mail.messageId}#${withLowerCaseDomain(recipient)}`;
  return again === undefined ? name : `${name}#${again}`;
}

async function tried(
  recipient: string,
  site: Site,
  { settings, mail, stored: open }: Work,
  signal: AbortSignal,
): Promise<Delivery & { isMissing?: boolean }> {
  try {
    const stored = await open();
    if (!stored) {
      return {
        status: statusOf(failure('message-unreadable', `there is no object ${mail.key}`)),
        facts: {},
        isMissing: true,
      };
    }
    // Here, since the field that is put in front of it is not the sender's.
    checkSize(stored.size, settings.maxSize);
    const address = withLowerCaseDomain(recipient);
    const message = withOriginalRecipient(stored, address);
    const deliverBy = async ({ groupServer, relayPrefix }: SiteServer) =>
      await deliver({
        message,
        envelope: { recipient: address, sender: mail.sender },
        groupServer,
        relayPrefix,
        maxSize: message.size,
        signal,
      });
    const server = await siteServer(site, settings, post);
    const delivery = await deliverBy(server);
    if (!mayBeStaleToken(delivery.status)) return delivery;
    const fresh = await siteServer(site, settings, post, { fresh: true }).catch(() => server);
    return fresh.token === server.token ? delivery : await deliverBy(fresh);
  } catch (error) {
    return { status: statusOf(error), facts: {} };
  }
}
