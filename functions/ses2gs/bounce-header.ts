/**
 * Reads from a mail what the decision about a bounce needs to know of its header, by mailparser. That is loaded here,
 * when a bounce is considered for the first time: it is larger than the rest of the function. Only the header section is
 * read. It throws what reading the mail throws.
 */
import type { ParsedMail } from 'mailparser';
import { readHeader } from '../core/header.ts';
import type { Message } from '../core/message.ts';
import type { BounceHeader } from './safe-to-bounce.ts';
import { domainOf } from './sites.ts';

const machineFields = ['list-id', 'list-post', 'x-auto-response-suppress'];
const fields = new Set(['auto-submitted', 'precedence', 'content-type', 'from', 'dkim-signature', ...machineFields]);

/** Bytes in all of the fields that are looked at. A megabyte of them would keep mailparser busy for many seconds. */
const limit = 64 * 1024;

/** Reads the header section of a mail; undefined where it is too large to be judged. */
export async function bounceHeader(message: Message): Promise<BounceHeader | undefined> {
  const header = await readHeader(message.read());
  const read = header.filter((field) => fields.has(field.name.toLowerCase())).map((field) => field.raw.trimEnd());
  const section = read.join('\r\n');
  if (section.length > limit) return undefined;
  // A CommonJS module: in the bundle it has a default export only.
  const { default: mailparser } = await import('mailparser');
  const parsed = await mailparser.simpleParser(Buffer.from(`${section}\r\n\r\n`, 'latin1'));
  const values = (name: string) =>
    parsed.headerLines
      .filter((line) => line.key === name)
      .map(({ line }) => firstWord(line.slice(line.indexOf(':') + 1)));
  return {
    autoSubmitted: values('auto-submitted'),
    precedence: values('precedence'),
    machineFields: machineFields.filter((name) => parsed.headerLines.some((line) => line.key === name)),
    contentType: values('content-type')[0] ?? '',
    fromDomains: (parsed.from?.value ?? []).map(({ address }) => domainOf(address ?? '')),
    signedBy: signers(parsed),
  };
}

function signers(parsed: ParsedMail): string[] {
  return parsed.headerLines
    .filter((line) => line.key === 'dkim-signature')
    .map(({ line }) => (/[:;]\s*d\s*=\s*([^\s;]+)/i.exec(line)?.[1] ?? '').toLowerCase());
}

/** What stands before the first parameter or comment. */
function firstWord(value: string): string {
  return value
    .replace(/[;(].*$/s, '')
    .trim()
    .toLowerCase();
}
