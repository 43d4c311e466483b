/**
 * Reads stored mail out of S3 without decoding it, and copies it into quarantine. A small mail comes with the first GET
 * and stays in memory; of a larger one its beginning does, and the rest is fetched each time it is read. What cannot be
 * read is `message-unreadable`; whether an object is missing for good its reader decides.
 */
import { CopyObjectCommand, GetObjectCommand, type GetObjectCommandOutput, PutObjectCommand } from '@aws-sdk/client-s3';
import type { DeliveryFailure } from '../core/delivery-status.ts';
import type { Message } from '../core/message.ts';
import { s3 } from './aws-clients.ts';
import { awsFailure, nameOf } from './aws-failure.ts';

export interface StoredAt {
  readonly bucket: string;
  readonly key: string;
}

/** Bytes that the first GET asks for; a header section is seldom longer. */
const firstPart = 1024 * 1024;

/** Opens a stored mail; undefined where there is no object. The signal holds for all reading. */
export async function openMail(at: StoredAt, signal: AbortSignal): Promise<Message | undefined> {
  const first = await firstGet(at, signal);
  if (!first) return undefined;
  const size = sizeOf(first);
  const kept = await wholeBody(first, signal);
  if (size === kept.length) return { size, read: () => [kept] };
  return {
    size,
    async *read() {
      yield kept;
      yield* rest(at, kept.length, first.ETag, signal);
    },
  };
}

/** Copies a mail, and writes a text beside it. */
export async function copyMail(from: StoredAt, key: string, note: { key: string; text: string }): Promise<void> {
  const Bucket = from.bucket;
  const source = [from.bucket, ...from.key.split('/')].map(encodeURIComponent).join('/');
  await s3.send(new CopyObjectCommand({ Bucket, Key: key, CopySource: source }));
  await s3.send(new PutObjectCommand({ Bucket, Key: note.key, Body: note.text, ContentType: 'application/json' }));
}

async function firstGet({ bucket, key }: StoredAt, signal: AbortSignal): Promise<GetObjectCommandOutput | undefined> {
  const Range = `bytes=0-${firstPart - 1}`;
  try {
    return await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range }), { abortSignal: signal });
  } catch (error) {
    if (nameOf(error) === 'NoSuchKey') return undefined;
    // No part of an empty object can be had.
    if (nameOf(error) === 'InvalidRange') return { ContentLength: 0, $metadata: {} };
    throw unreadable(error);
  }
}

async function* rest({ bucket, key }: StoredAt, start: number, etag: string | undefined, signal: AbortSignal) {
  try {
    const get = new GetObjectCommand({ Bucket: bucket, Key: key, Range: `bytes=${start}-`, IfMatch: etag });
    yield* bodyOf(await s3.send(get, { abortSignal: signal }), signal);
  } catch (error) {
    throw unreadable(error);
  }
}

async function wholeBody(got: GetObjectCommandOutput, signal: AbortSignal): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of bodyOf(got, signal)) pieces.push(piece);
  } catch (error) {
    throw unreadable(error);
  }
  const bytes = Buffer.concat(pieces);
  if (bytes.length !== got.ContentLength) throw unreadable(new Error('S3 sent fewer bytes than it announced'));
  return bytes;
}

/** Gives the bytes as they come; an abort ends the stream, for which the SDK does not care any more. */
async function* bodyOf({ Body: body }: GetObjectCommandOutput, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (!body) return;
  if (!('destroy' in body)) throw new TypeError('S3 gave no stream of Node');
  const stop = () => void body.destroy(new Error('no time is left'));
  signal.addEventListener('abort', stop);
  try {
    for await (const piece of body) {
      if (!(piece instanceof Uint8Array)) throw new TypeError('S3 gave something else than bytes');
      yield piece;
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** `bytes 0-1048575/41943040` has the size of the whole; without a range it is the length of the answer. */
function sizeOf({ ContentRange, ContentLength }: GetObjectCommandOutput): number {
  const size = /\/(\d+)$/.exec(ContentRange ?? '')?.[1] ?? ContentLength;
  if (size === undefined) throw unreadable(new Error('S3 did not say how large the mail is'));
  return Number(size);
}

function unreadable(error: unknown): DeliveryFailure {
  return awsFailure(error, 'S3', 'message-unreadable');
}
