/**
 * Where the mail of a chaos run is behind the serverless door: GroupServer, the bounce mailbox, the function's log, the
 * quarantine, the queues. It holds the ledger of deliveries against all of them.
 */
import { createHash } from 'node:crypto';
import { text } from '../../infra/local/aws/input.ts';
import type { QueuedMail } from '../../infra/local/queued-mail.ts';
import type { Stack } from '../../infra/local/stack.ts';
import type { AcceptedMail, Sightings } from './door.ts';
import { groupServerSightings } from './group-server-sightings.ts';
import type { Delivery, End, Sighting } from './sighting.ts';
import type { StackTrouble } from './stack-incidents.ts';
import { inLog, type StackLog } from './stack-log.ts';
import { stackEnd } from './stack-rules.ts';

/** What the ledger calls an end for good. */
const inLedger: Partial<Record<End, string>> = {
  posted: 'posted',
  relayed: 'relayed',
  'bounce recorded': 'bounce-recorded',
  bounced: 'bounced',
};

/** Looks everywhere. */
export async function seeStack(
  stack: Stack,
  accepted: readonly AcceptedMail[],
  log: StackLog,
  trouble: StackTrouble,
): Promise<Sightings> {
  log.read();
  const messageIds = new Map<string, string>();
  const byMessageId = new Map<string, AcceptedMail>();
  const mails = new Map(accepted.flatMap(({ deliveries }) => deliveries.map(({ mail }) => [mail.id, mail])));
  for (const mail of accepted) {
    const messageId = /OK (\S+)/.exec(mail.reply)?.[1] ?? '';
    byMessageId.set(messageId, mail);
    for (const delivery of mail.deliveries) messageIds.set(nameOf(delivery), messageId);
  }
  const messageIdOf = (delivery: Delivery) => messageIds.get(nameOf(delivery)) ?? '';
  const idOf = (messageId: string) => byMessageId.get(messageId)?.deliveries[0]?.mail.id ?? '';

  const sightings: Sighting[] = groupServerSightings(
    { server: stack.groupServer, wentOffline: trouble.wentOffline },
    mails,
    '\r\n',
  );
  for (const { originalMessageId, recipients, sentAt } of stack.bounces())
    for (const { recipient } of recipients)
      sightings.push({ mail: idOf(originalMessageId), recipient, end: 'bounced', at: sentAt });
  for (const delivery of accepted.flatMap(({ deliveries }) => deliveries)) {
    const recipient = delivery.addressee.address;
    const why = log.suppressed.get(inLog(messageIdOf(delivery), recipient));
    if (why !== undefined) sightings.push({ mail: delivery.mail.id, recipient, end: 'bounce suppressed', at: 0, why });
  }
  for (const { key, recipients, at, reason } of stack.quarantined())
    for (const recipient of recipients)
      sightings.push({ mail: idOf(key.replace('quarantine/', '')), recipient, end: 'quarantined', at, why: reason });
  const ages = new Map<Sighting, number>();
  for (const message of stack.parked())
    for (const sighting of inQueue(message, 'parked')) {
      ages.set(sighting, ageOf(message));
      sightings.push(sighting);
    }
  for (const message of stack.queued()) sightings.push(...inQueue(message, 'queued'));

  function inQueue({ messageId = '', recipients, sentAt: at, attributes }: QueuedMail, end: End): Sighting[] {
    const given = attributes['smtp2gs-reason'] ?? Object.values(attributes)[0] ?? 'Received too often';
    const why = given.replace(/127\.0\.0\.1:\d+/, 'the server');
    return recipients.map((recipient) => ({
      mail: idOf(messageId),
      recipient,
      end,
      at,
      ...(end === 'parked' && { why }),
    }));
  }

  const interrupted = (delivery: Delivery) => trouble.killed.get(messageIdOf(delivery)) ?? 0;
  const contradictions = [
    ...(await ledgerContradictions()),
    ...stack.cloud.undeliveredNoticeQueue.contents().map(() => 'a notification was not delivered'),
  ];

  /** What ended for good must be in the ledger, unless whoever would have written it could not. */
  async function ledgerContradictions(): Promise<string[]> {
    const items = new Map((await stack.ledger()).map((item) => [text(item, 'id'), item]));
    const seen = new Map(
      sightings.map((sighting) => [`${sighting.mail} ${sighting.recipient} ${sighting.end}`, sighting]),
    );
    return accepted
      .flatMap(({ deliveries }) => deliveries)
      .flatMap((delivery) => {
        const { mail, addressee } = delivery;
        return Object.entries(inLedger).flatMap(([end, word]) => {
          const sighting = seen.get(`${mail.id} ${addressee.address} ${end}`);
          const messageId = messageIdOf(delivery);
          const isExcused = sighting?.isAnswerLost || interrupted(delivery) > 0 || log.untold.has(messageId);
          const item = items.get(ledgerKey(`${messageId}#${addressee.address}`));
          const said = text(item, 'status') === 'COMPLETED' ? text(item, 'data') : undefined;
          if (sighting && said !== word && !isExcused)
            return [`${mail.id} to ${addressee.address}: ${end}, the ledger says ${said}`];
          if (!sighting && said === word) return [`${mail.id} to ${addressee.address}: not ${end}, as the ledger says`];
          return [];
        });
      });
  }

  const reports = stack.lambda.reports();
  return {
    sightings,
    mayEnd: (delivery, sighting) => stackEnd(delivery, sighting, ages.get(sighting)),
    interrupted,
    contradictions,
    notes: {
      'requests to GroupServer': stack.groupServer.requests.length,
      'of them without a whole answer': stack.groupServer.requests.filter(
        ({ answeredStatus }) => answeredStatus === 'fault',
      ).length,
      'tries that were deferred': log.tries.length,
      'mails announced again': trouble.announcedAgain.size,
      'hours by the clock': Math.round(stack.clock.offset / 360_000) / 10,
      'invocations that failed': [...log.failures].map(([type, count]) => `${count} ${type}`).join(', ') || 0,
      'deliveries that the ledger could not be told of': log.untold.size,
      'most memory of a function, MiB': Math.round(Math.max(...reports.map(({ maxMemoryMiB }) => maxMemoryMiB))),
      ...Object.fromEntries([...log.errors].map(([message, count]) => [`logged: ${message}`, count])),
    },
  };
}

function nameOf({ mail, addressee }: Delivery): string {
  return `${mail.id} ${addressee.address}`;
}

/** The name of a record of Powertools' idempotency. */
function ledgerKey(delivery: string): string {
  return `delivery#${createHash('sha256').update(JSON.stringify(delivery)).digest('base64')}`;
}

/** Seconds from the receipt of a parked mail until it was parked. */
function ageOf({ body, sentAt }: QueuedMail): number {
  const received = /"timestamp":"([^"]+)"/.exec(body)?.[1] ?? '';
  return Math.round((sentAt - Date.parse(received)) / 1000);
}
