/**
 * Shows a person what a mail is, by mailparser, which decodes everything and takes its time: on no other way of a mail.
 * What it makes of a broken mail is shown as it is.
 */
import type { Message } from '../../core/message.ts';

/** Bytes. mailparser holds a mail in memory, several times. */
const sizeLimit = 50 * 1024 * 1024;

/** Gives lines of a name and a text that a terminal can show. */
export async function describeMail(message: Message): Promise<[name: string, text: string][]> {
  if (message.size > sizeLimit) return [['Parts', 'too large to be taken apart here']];
  const { simpleParser } = await import('mailparser');
  const pieces: Buffer[] = [];
  for await (const piece of message.read()) pieces.push(Buffer.from(piece));
  const mail = await simpleParser(Buffer.concat(pieces), {
    skipTextToHtml: true,
    skipHtmlToText: true,
    skipImageLinks: true,
  });
  const to = [mail.to ?? []].flat().map(({ text }) => text);
  const parts = [
    ...(mail.text === undefined ? [] : [`text of ${mail.text.length} characters`]),
    ...(mail.html === false ? [] : [`HTML of ${mail.html.length} characters`]),
    ...mail.attachments.map(
      ({ contentType, filename, size }) => `${contentType} ${filename ?? 'without a name'} (${size} bytes)`,
    ),
  ];
  const rows: [string, string | undefined][] = [
    ['From', mail.from?.text],
    ['To', to.join(', ')],
    ['Subject', mail.subject],
    ['Date', mail.date?.toISOString()],
    ['Message-ID', mail.messageId],
    ['Parts', parts.join('; ')],
  ];
  return rows.map(([name, text]) => [name, printable(text || 'none')]);
}

/** A mail may hold sequences that a terminal obeys. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]+/gu, ' ').slice(0, 500);
}
