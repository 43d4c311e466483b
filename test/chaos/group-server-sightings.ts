/**
 * What GroupServer has accepted, copies included: which mail it was, for whom, whether every byte came, and whether the
 * answer reached whoever asked.
 */
import { createHash } from 'node:crypto';
import type { GroupServer, RecordedRequest, StoredMessage } from '../../infra/local/group-server/group-server.ts';
import { type ChaosMail, domain, idInHead, idInVerp } from './chaos-mail.ts';
import type { Sighting } from './sighting.ts';

export interface GroupServerRecord {
  readonly server: GroupServer;
  /** When it was taken off the network, in milliseconds since 1970. */
  readonly wentOffline: readonly number[];
}

/** Milliseconds before it went offline in which an answer may have been sent and not have been read. */
const unread = 2000;

/** Collects them. `lineEnd` is what the way to GroupServer has made of CRLF. */
export function groupServerSightings(
  { server, wentOffline }: GroupServerRecord,
  mails: ReadonlyMap<string, ChaosMail>,
  lineEnd: '\r\n' | '\n',
): Sighting[] {
  const requestOf = new Map(server.requests.map((request) => [request.message, request]));
  const isCutOff = (at: number) => wentOffline.some((offline) => at <= offline && offline <= at + unread);
  const isLost = (request: RecordedRequest | undefined, at: number) =>
    request?.answeredStatus === 'fault' || isCutOff(at);
  const arrived = (message: StoredMessage) => {
    const own = idInHead(message.head);
    const mail = mails.get(own?.id ?? '');
    return { mail: own?.id ?? '', isDamaged: !mail || !own || !isWhole(message, own.start, mail, lineEnd) };
  };

  const posts = [...server.posts, ...server.duplicates].map(
    ({ groupId, message, idempotencyKey: key, at }): Sighting => {
      const isAnswerLost = isLost(requestOf.get(message), at);
      return { ...arrived(message), recipient: `${groupId}@${domain}`, end: 'posted', at, key, isAnswerLost };
    },
  );
  const relayed = server.relayed.map(({ message, idempotencyKey: key, at }): Sighting => {
    const recipient = /^X-Original-To: (\S+)/m.exec(message.head.toString('latin1'))?.[1] ?? '';
    return {
      ...arrived(message),
      recipient,
      end: 'relayed',
      at,
      key,
      isAnswerLost: isLost(requestOf.get(message), at),
    };
  });

  // The record of a bounce does not say which request it came by: as many of a key are lost as answers to it were.
  const bouncesByKey = Map.groupBy(server.bounces, ({ idempotencyKey = '' }) => idempotencyKey);
  const bounceRequests = Map.groupBy(
    server.requests.filter(({ path }) => path.includes('bounce')),
    ({ headers }) => headers['idempotency-key'] ?? '',
  );
  const recorded = [...bouncesByKey].flatMap(([key, bounces]) => {
    const lost = (bounceRequests.get(key) ?? []).filter(({ answeredStatus }) => answeredStatus === 'fault').length;
    return bounces.map(({ userEmail, groupEmail, at }, index): Sighting => {
      const [local = '', host = ''] = groupEmail.split('@');
      const recipient = `${local}+${userEmail.replace('@', '=')}@${host}`;
      const isAnswerLost = index < lost || isCutOff(at);
      return { mail: idInVerp(userEmail), recipient, end: 'bounce recorded', at, key, isAnswerLost };
    });
  });
  return [...posts, ...relayed, ...recorded];
}

/** Compares every byte of the mail, behind what was put in front of it, by the digest that GroupServer has taken. */
function isWhole({ sha256, head }: StoredMessage, start: number, mail: ChaosMail, lineEnd: '\r\n' | '\n'): boolean {
  const sent = mail.bytes();
  const bytes = lineEnd === '\r\n' ? sent : Buffer.from(sent.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
  return createHash('sha256').update(head.subarray(0, start)).update(bytes).digest('hex') === sha256;
}
