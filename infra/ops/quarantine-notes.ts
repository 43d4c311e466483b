/**
 * The notes in quarantine: `quarantine/ID.json` says why the mail `quarantine/ID` lies there, holds its notification, and
 * is told when the mail is released (the function's side: functions/ses2gs/quarantine.ts).
 */
import { GetObjectCommand, PutObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { at, isObject, parsedJson, textAt, textsAt } from './json.ts';

/** What the keys of quarantined mail begin with. */
export const quarantinePrefix = 'quarantine/';

const noteSuffix = '.json';

export interface QuarantinedMail {
  /** SES's id. */
  readonly messageId: string;
  readonly reason: string;
  readonly quarantinedAt: string | null;
  readonly releasedAt: string | null;
  readonly sender: string | null;
  readonly recipients: readonly string[];
}

export interface QuarantineNote {
  readonly mail: QuarantinedMail;
  /** As it goes into the queue; null when the mail or its notification is missing. */
  readonly notification: object | null;
}

/** Gives the ids of all notes, and of all mail in quarantine; it reads neither. */
export async function quarantinedIds(
  s3: S3Client,
  bucket: string,
): Promise<{ notes: Set<string>; mails: Set<string> }> {
  const notes = new Set<string>();
  const mails = new Set<string>();
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client: s3 },
    { Bucket: bucket, Prefix: quarantinePrefix },
  )) {
    for (const { Key = '' } of Contents) {
      const name = Key.slice(quarantinePrefix.length);
      if (name.endsWith(noteSuffix)) notes.add(name.slice(0, -noteSuffix.length));
      else if (name !== '') mails.add(name);
    }
  }
  return { notes, mails };
}

/** Reads a note; a mail without one, or a note without its mail, cannot be released. */
export async function readNote(
  s3: S3Client,
  bucket: string,
  messageId: string,
  isThere: { note: boolean; mail: boolean },
): Promise<QuarantineNote> {
  const note = isThere.note ? parsedJson(await readText(s3, bucket, noteKey(messageId))) : undefined;
  const notification = at(note, 'notification');
  const missing = isThere.note ? 'the mail itself is gone' : 'its note is missing';
  const isWhole = isThere.mail && isObject(notification);
  return {
    mail: {
      messageId,
      reason: isWhole ? (textAt(note, 'reason') ?? 'unknown') : missing,
      quarantinedAt: textAt(note, 'quarantinedAt') ?? null,
      releasedAt: textAt(note, 'releasedAt') ?? null,
      sender: textAt(notification, 'mail', 'source') ?? null,
      recipients: textsAt(notification, 'receipt', 'recipients'),
    },
    notification: isWhole ? notification : null,
  };
}

/** Writes into the note that the mail was released. Nothing is deleted: the queue's message needs the object. */
export async function markReleased(s3: S3Client, bucket: string, messageId: string, releasedAt: string): Promise<void> {
  const note = parsedJson(await readText(s3, bucket, noteKey(messageId)));
  const Body = `${JSON.stringify({ ...(isObject(note) ? note : {}), releasedAt }, undefined, 2)}\n`;
  await s3.send(
    new PutObjectCommand({ Bucket: bucket, Key: noteKey(messageId), Body, ContentType: 'application/json' }),
  );
}

function noteKey(messageId: string): string {
  return quarantinePrefix + messageId + noteSuffix;
}

async function readText(s3: S3Client, Bucket: string, Key: string): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return (await Body?.transformToString()) ?? '';
}
