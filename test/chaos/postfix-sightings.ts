/**
 * Where the mail of a chaos run is behind Postfix: GroupServer, the mail that came back to the senders, the queue. It
 * holds the mail log against all of them.
 */
import type { PrivatePostfix } from '../postfix/private-postfix.ts';
import type { AcceptedMail, Sightings } from './door.ts';
import { type GroupServerRecord, groupServerSightings } from './group-server-sightings.ts';
import { readMailLog, wasKilled } from './mail-log.ts';
import type { Delivery, Sighting } from './sighting.ts';

/** Looks everywhere. `lineEnd` is what GroupServer gets. */
export async function seePostfix(
  postfix: PrivatePostfix,
  record: GroupServerRecord,
  accepted: readonly AcceptedMail[],
  lineEnd: '\r\n' | '\n',
): Promise<Sightings> {
  const deliveries = accepted.flatMap((mail) => mail.deliveries);
  const mails = new Map(deliveries.map(({ mail }) => [mail.id, mail]));
  const names = new Map<Delivery, string>();
  const idOf = new Map<string, string>();
  for (const { reply, deliveries: own } of accepted) {
    const queueId = /queued as (\w+)/.exec(reply)?.[1] ?? '';
    for (const delivery of own) {
      names.set(delivery, `${queueId} ${delivery.addressee.address}`);
      idOf.set(queueId, delivery.mail.id);
    }
  }
  const tries = readMailLog(postfix.log());
  const triesOf = Map.groupBy(tries, ({ queueId, recipient }) => `${queueId} ${recipient}`);
  const logged = (delivery: Delivery) => triesOf.get(names.get(delivery) ?? '') ?? [];

  const sightings: Sighting[] = groupServerSightings(record, mails, lineEnd);
  for (const mail of await postfix.returned(0)) sightings.push(...bouncedIn(mail));
  // A mail without a sender has nobody to come back to.
  for (const delivery of deliveries.filter(({ mail }) => mail.sender === ''))
    if (logged(delivery).some(({ status }) => status === 'bounced'))
      sightings.push({ ...placeOf(delivery), end: 'bounce suppressed', at: 0, why: 'null sender' });
  for (const queueId of await postfix.queue()) {
    const own = deliveries.filter((delivery) => names.get(delivery)?.startsWith(`${queueId} `));
    const left = own.filter((delivery) => !logged(delivery).some(({ status }) => status !== 'deferred'));
    for (const delivery of left) sightings.push({ ...placeOf(delivery), end: 'queued', at: 0 });
  }

  const contradictions = deliveries.flatMap((delivery) => {
    const finals = logged(delivery).filter(({ status }) => status !== 'deferred');
    const { mail, recipient } = placeOf(delivery);
    if (finals.length === 1) return [];
    return [`${mail} to ${recipient}: the mail log has ${finals.length} ends of it`];
  });
  const deferred = tries.filter(({ status }) => status === 'deferred');
  const codes = Object.entries(Object.groupBy(deferred, ({ dsn }) => dsn)).toSorted(([a], [b]) => a.localeCompare(b));
  const { requests } = record.server;
  return {
    sightings,
    mayEnd,
    interrupted: (delivery) => logged(delivery).filter(wasKilled).length,
    contradictions,
    notes: {
      'requests to GroupServer': requests.length,
      'of them without a whole answer': requests.filter(({ answeredStatus }) => answeredStatus === 'fault').length,
      'tries that were deferred': deferred.length,
      'tries that were killed': tries.filter(wasKilled).length,
      ...Object.fromEntries(codes.map(([code, of = []]) => [`deferred with ${code}`, of.length])),
    },
  };
}

function placeOf({ mail, addressee }: Delivery): { mail: string; recipient: string } {
  return { mail: mail.id, recipient: addressee.address };
}

/** The recipients that a returned mail is about. */
function bouncedIn(mail: string): Sighting[] {
  const id = /^X-Chaos-Mail: (\S+)/m.exec(mail)?.[1] ?? '';
  return [...mail.matchAll(/^Final-Recipient: rfc822; (\S+)$(?:\n(?!Action:).+)*\nAction: failed$/gm)].map(
    ([, recipient = '']) => ({ mail: id, recipient, end: 'bounced', at: 0 }),
  );
}

/** What is wrong with an end. */
function mayEnd({ mail, addressee }: Delivery, { end }: Sighting): string | undefined {
  const due = {
    group: 'posted',
    member: 'relayed',
    verp: 'bounce recorded',
    unknown: mail.sender === '' ? 'bounce suppressed' : 'bounced',
  } as const;
  return end === due[addressee.route] ? undefined : `it should be ${due[addressee.route]}`;
}
