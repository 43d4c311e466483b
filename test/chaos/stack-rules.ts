/** Which ends a delivery may have behind the serverless door, and for which reasons. */
import type { ChaosMail, SenderKind } from './chaos-mail.ts';
import type { Delivery, Sighting } from './sighting.ts';

/** Seconds; a mail that is parked has been given up after so long, or its object has been missing for so long. */
const givenUpAfter = 20 * 3600;
const missingAfter = 600;

/** Senders that are judged before anything is delivered. */
const suspicious: ReadonlySet<SenderKind> = new Set(['spam', 'virus', 'dmarc-fail']);

/** Senders that get no bounce, and why. */
const notBounced: Partial<Record<SenderKind, string>> = {
  null: 'null sender',
  machine: 'the sender is a machine',
  automatic: 'Auto-Submitted',
  list: 'list-id',
  unproven: 'nothing proves the sender',
  'dmarc-none': 'DMARC failed',
};

/** What is wrong with the end; `age` are the seconds after which a parked mail was parked. */
export function stackEnd({ mail, addressee }: Delivery, { end, why = '' }: Sighting, age = 0): string | undefined {
  if (end === 'queued') return 'it is still in the queue';
  if (end === 'parked') {
    if (why.includes('Received too often')) return undefined;
    const due = why.includes('there is no object') ? missingAfter : givenUpAfter;
    return age >= due ? undefined : `after ${age} s for "${why}"`;
  }
  if (suspicious.has(mail.senderKind)) return end === 'quarantined' ? undefined : `the sender is ${mail.senderKind}`;
  const due = endOf(mail, addressee.route);
  if (end !== due) return `it should be ${due}`;
  if (end === 'bounce suppressed' && why !== notBounced[mail.senderKind]) return `because of "${why}"`;
  return undefined;
}

function endOf({ senderKind }: ChaosMail, route: Delivery['addressee']['route']): Sighting['end'] {
  switch (route) {
    case 'group':
      return 'posted';
    case 'member':
      return 'relayed';
    case 'verp':
      return 'bounce recorded';
    case 'unknown':
      return notBounced[senderKind] === undefined ? 'bounced' : 'bounce suppressed';
  }
}
