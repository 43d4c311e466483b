/**
 * The mail of a chaos run: a plan made of the seed, and the bytes of each mail, made anew whenever they are asked for.
 * Every mail says in its first line which one it is, and in its last one that it is whole.
 */
import type { Random } from './random.ts';

/** What an address stands for at GroupServer. */
export type Route = 'group' | 'member' | 'verp' | 'unknown';

/** What is known of a sender; SES judges it by the local part (infra/local/ses-verdicts.ts). */
export type SenderKind =
  | 'person'
  | 'null'
  | 'machine'
  | 'automatic'
  | 'list'
  | 'unproven'
  | 'dmarc-none'
  | 'dmarc-fail'
  | 'spam'
  | 'virus';

export interface Addressee {
  readonly address: string;
  readonly route: Route;
}

export interface ChaosMail {
  /** Names the mail; part of no other mail's name. */
  readonly id: string;
  /** Empty for the null sender. */
  readonly sender: string;
  readonly senderKind: SenderKind;
  readonly addressees: readonly Addressee[];
  /** Bytes. */
  readonly size: number;
  /** The mail with CRLF at its line ends. */
  readonly bytes: () => Buffer;
}

export const domain = 'groups.example.com';
export const groupIds = ['example_group', 'second_group', 'third_group'] as const;

const kilobyte = 1000;
const megabyte = 1000 * kilobyte;

/** Plans so many mails, of all kinds. `senderDomain` gives the domain of the sender of a mail. */
export function planMails(count: number, seed: number, random: Random, senderDomain: (n: number) => string) {
  // A few of them, at places that the seed chooses; one in a short run.
  const huge = new Set(Array.from({ length: Math.ceil(count / 500) }, () => random.integer(0, count - 1)));
  return Array.from({ length: count }, (_, number) =>
    planMail(
      `chaos-${seed}-${number}-`,
      random,
      senderDomain(number),
      huge.has(number) ? 30 * megabyte : sizeOf(random),
    ),
  );
}

/** Plans a mail with everything that may be odd about a sender and its recipients. */
function planMail(id: string, random: Random, senderDomain: string, size: number): ChaosMail {
  const kind = random.weighted<SenderKind>([
    ['person', 78],
    ['null', 6],
    ['machine', 2],
    ['automatic', 2],
    ['list', 2],
    ['unproven', 2],
    ['dmarc-none', 2],
    ['dmarc-fail', 2],
    ['spam', 3],
    ['virus', 1],
  ]);
  const count = random.weighted([
    [1, 60],
    [2, 20],
    [3, 10],
    [4, 5],
    [5, 5],
  ]);
  const addressees = new Map<string, Addressee>();
  for (let number = 1; number <= count; number += 1) {
    const addressee = planAddressee(id, number, random);
    addressees.set(addressee.address, addressee);
  }
  // Some header sections are longer than any buffer on the way.
  const trace = random.chance(0.05) ? random.integer(100, 1500) : random.integer(0, 3);
  return makeMail(id, kind, senderDomain, [...addressees.values()], size, trace);
}

/** Makes a small mail from a person to a group. */
export function plainMail(id: string, senderDomain: string, group: string = groupIds[0]): ChaosMail {
  return makeMail(id, 'person', senderDomain, [{ address: `${group}@${domain}`, route: 'group' }], 2 * kilobyte, 0);
}

function makeMail(
  id: string,
  senderKind: SenderKind,
  senderDomain: string,
  addressees: readonly Addressee[],
  size: number,
  trace: number,
): ChaosMail {
  const sender = senderKind === 'null' ? '' : `${localPart(senderKind)}@${senderDomain}`;
  const header = headerOf(id, sender, senderKind, addressees, trace);
  return { id, sender, senderKind, addressees, size, bytes: () => bytesOf(id, header, size) };
}

function sizeOf(random: Random): number {
  const [least, most] = random.weighted<[number, number]>([
    [[kilobyte, 8 * kilobyte], 65],
    [[8 * kilobyte, 100 * kilobyte], 30],
    [[100 * kilobyte, 2 * megabyte], 5],
  ]);
  return random.integer(least, most);
}

function planAddressee(id: string, number: number, random: Random): Addressee {
  const group = random.pick(groupIds);
  const route = random.weighted<Route>([
    ['group', 68],
    ['member', 11],
    ['verp', 11],
    ['unknown', 10],
  ]);
  const local = {
    group,
    member: `p-member${number}`,
    verp: `${group}+${verpLocalPart(id, number)}=example.com`,
    unknown: `nobody${number}`,
  };
  return { address: `${local[route]}@${domain}`, route };
}

/** The address of a member whose bounce this is; GroupServer is told nothing else of the mail. */
function verpLocalPart(id: string, number: number): string {
  return `${id}${number}`;
}

/** Finds the mail in the address of a member whose bounce was recorded. */
export function idInVerp(userEmail: string): string {
  return /^(.*-)\d+@/.exec(userEmail)?.[1] ?? '';
}

/** Finds the mail in the beginning of a message, and where its own bytes begin there. */
export function idInHead(head: Buffer): { id: string; start: number } | undefined {
  const found = /^X-Chaos-Mail: (\S+)/m.exec(head.toString('latin1'));
  return found?.[1] === undefined ? undefined : { id: found[1], start: found.index };
}

function localPart(kind: SenderKind): string {
  switch (kind) {
    case 'machine':
      return 'mailer-daemon';
    case 'unproven':
      return 'unknown';
    case 'spam':
    case 'virus':
    case 'dmarc-fail':
    case 'dmarc-none':
      return kind;
    case 'person':
    case 'null':
    case 'automatic':
    case 'list':
      return 'ada';
  }
}

function headerOf(
  id: string,
  sender: string,
  kind: SenderKind,
  addressees: readonly Addressee[],
  trace: number,
): Buffer {
  const more: Partial<Record<SenderKind, string>> = {
    automatic: 'Auto-Submitted: auto-replied',
    list: 'List-Id: <elsewhere.example.net>',
  };
  const lines = [
    `X-Chaos-Mail: ${id}`,
    ...Array.from({ length: trace }, (_, hop) => `X-Trace: by mx${hop}.example.net\r\n\twith SMTP id ${id}${hop}`),
    `From: ${sender === '' ? 'Mail Delivery <mailer-daemon@example.net>' : `Ada <${sender}>`}`,
    `To: ${addressees.map(({ address }) => address).join(',\r\n ')}`,
    `Subject: Tea in K\xf6ln, no ${id}`,
    `Message-ID: <${id}@chaos.example.net>`,
    ...(more[kind] === undefined ? [] : [more[kind]]),
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=iso-8859-1',
    'Content-Transfer-Encoding: 8bit',
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** Lines that a mail system has to treat with care: dots, From, 8-bit characters, blanks at the end. */
const text = Buffer.from(
  ['.', '..', '.dot', 'From ada', '>From ada', 'K\xf6ln \xe9\xff', 'blanks  ', '', 'x'.repeat(900), '']
    .map((line) => `${line}\r\n`)
    .join(''),
  'latin1',
);

function bytesOf(id: string, header: Buffer, size: number): Buffer {
  const end = Buffer.from(`the end of ${id}\r\n`);
  const room = Math.max(0, size - header.length - end.length);
  return Buffer.concat([header, Buffer.alloc(room - (room % text.length), text), end]);
}
