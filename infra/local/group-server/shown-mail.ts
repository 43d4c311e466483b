/**
 * A stored message as the web page shows it: sender, subject, date, text and attachments, read with `mailparser`.
 * Hostile or broken mail is data here: nothing rejects but the attachments of a message that was not kept, and HTML
 * becomes text. Parsing happens once per message, and attachments are read anew when asked for, so that nothing big
 * stays in memory.
 */
import type { AddressObject, ParsedMail } from 'mailparser';
import type { StoredMessage } from './record.ts';

/** What of a message is shown; all of it is untrusted text. */
export interface ShownMail {
  from: string;
  to: string;
  subject: string;
  date?: Date;
  text: string;
  /** Why the text is not all of it; empty when it is. */
  note: string;
  attachments: readonly { name: string; size: number }[];
}

/** Above this a message is shown by its beginning only. */
const WHOLE_UP_TO = 64 * 1024 * 1024;
const TEXT_UP_TO = 20_000;
const HTML_UP_TO = 200_000;

const shown = new WeakMap<StoredMessage, Promise<ShownMail>>();

/** The message to show; never rejects. */
export function shownMail(message: StoredMessage): Promise<ShownMail> {
  const known = shown.get(message);
  if (known) return known;
  const showing = show(message).catch((error: unknown) => unreadable(message, error));
  shown.set(message, showing);
  return showing;
}

/** The attachment at this index, whole; rejects when the message was not kept or cannot be read. */
export async function attachmentOf(
  message: StoredMessage,
  index: number,
): Promise<{ name: string; content: Buffer } | undefined> {
  const attachment = (await parse(await message.bytes())).attachments[index];
  return attachment && { name: attachment.filename || `attachment-${index + 1}`, content: attachment.content };
}

async function show(message: StoredMessage): Promise<ShownMail> {
  const whole = message.size <= WHOLE_UP_TO ? await message.bytes().catch(() => undefined) : undefined;
  const mail = await parse(whole ?? message.head);
  const text = mail.text?.trim() ? mail.text : await textOfHtml(mail.html || '');
  const notes = [
    whole ? '' : 'Only the first 64 KiB of this message are shown.',
    text.length > TEXT_UP_TO ? `Only the first ${TEXT_UP_TO} characters are shown.` : '',
  ];
  return {
    from: mail.from?.text ?? '',
    to: textOf(mail.to),
    subject: mail.subject ?? '',
    ...(mail.date && !Number.isNaN(mail.date.getTime()) ? { date: mail.date } : {}),
    text: text.slice(0, TEXT_UP_TO),
    note: notes.filter(Boolean).join(' '),
    attachments: whole
      ? mail.attachments.map(({ filename, size }, index) => ({ name: filename || `attachment-${index + 1}`, size }))
      : [],
  };
}

/** The parser is loaded with the first mail that is shown: most tests look at none. */
async function parse(bytes: Buffer, skipHtmlToText = true): Promise<ParsedMail> {
  const { simpleParser } = await import('mailparser');
  return await simpleParser(bytes, { skipTextToHtml: true, skipHtmlToText, skipImageLinks: true });
}

/** The text in some HTML; mailparser finds it in a message that is nothing but HTML. */
async function textOfHtml(html: string): Promise<string> {
  if (html === '') return '';
  const message = `Content-Type: text/html; charset=utf-8\n\n${html.slice(0, HTML_UP_TO)}`;
  return (await parse(Buffer.from(message), false)).text ?? '';
}

function textOf(addresses: AddressObject | AddressObject[] | undefined): string {
  return [addresses ?? []]
    .flat()
    .map(({ text }) => text)
    .join(', ');
}

function unreadable(message: StoredMessage, error: unknown): ShownMail {
  const note = `This message could not be read as mail (${error instanceof Error ? error.message : String(error)}).`;
  const text = message.head.toString('latin1').slice(0, TEXT_UP_TO);
  return { from: '', to: '', subject: '', text, note, attachments: [] };
}
