/** The local stack's S3, asked by the real SDK client; and the same questions put to another emulator, fauxqs. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { startFauxqs } from 'fauxqs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFaults, type Faults } from '../../infra/local/aws/faults.ts';
import { s3Service } from '../../infra/local/aws/s3.ts';
import { openS3Store } from '../../infra/local/aws/s3-store.ts';
import { type AwsEndpoint, clientConfig, startAws } from '../../infra/local/aws.ts';

const Bucket = 'mail';
const mebibyte = 1024 * 1024;
let folder: string;
let aws: AwsEndpoint;
let faults: Faults;
let s3: S3Client;

async function open(): Promise<void> {
  faults = createFaults();
  aws = await startAws({ faults, services: { s3: s3Service(openS3Store(folder, Date.now)) } });
  s3 = new S3Client({ ...clientConfig(aws.url), forcePathStyle: true, maxAttempts: 1 });
}
async function close(): Promise<void> {
  s3.destroy();
  await aws.stop();
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'smtp2gs-s3-'));
  await open();
  await s3.send(new CreateBucketCommand({ Bucket }));
});
afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true });
});

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const read = async (Key: string, options: { Range?: string } = {}) => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...options }));
  return (await Body?.transformToByteArray()) ?? new Uint8Array();
};

test('a mail of 40 MB goes in by one request, as bytes or as a stream, and comes out the same', async () => {
  const mail = randomBytes(40 * mebibyte);
  await s3.send(new PutObjectCommand({ Bucket, Key: 'inbound/a', Body: mail }));
  const pieces = Array.from({ length: 40 * 16 }, (_, index) => mail.subarray(index * 65_536, (index + 1) * 65_536));
  const stream = new PutObjectCommand({
    Bucket,
    Key: 'inbound/b',
    Body: Readable.from(pieces),
    ContentLength: mail.length,
  });
  await s3.send(stream);
  for (const key of ['inbound/a', 'inbound/b']) expect(digest(await read(key))).toBe(digest(mail));
});

test('a copy has the bytes and, when asked, its own metadata; tags leave the bytes alone', async () => {
  const Key = 'inbound/a b+c';
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'Subject: tea\r\n\r\n', Metadata: { from: 'ses' } }));
  const CopySource = `${Bucket}/${encodeURIComponent(Key)}`;
  await s3.send(new CopyObjectCommand({ Bucket, Key: 'quarantine/plain', CopySource }));
  const marked = {
    MetadataDirective: 'REPLACE' as const,
    Metadata: { reason: 'virus' },
    TaggingDirective: 'REPLACE' as const,
  };
  await s3.send(
    new CopyObjectCommand({ Bucket, Key: 'quarantine/marked', CopySource, ...marked, Tagging: 'why=virus' }),
  );
  await s3.send(
    new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet: [{ Key: 'state', Value: 'done & over' }] } }),
  );
  const head = async (key: string) => (await s3.send(new HeadObjectCommand({ Bucket, Key: key }))).Metadata;
  const tags = async (key: string) => (await s3.send(new GetObjectTaggingCommand({ Bucket, Key: key }))).TagSet;
  expect(await head('quarantine/plain')).toEqual({ from: 'ses' });
  expect(await head('quarantine/marked')).toEqual({ reason: 'virus' });
  expect(await tags('quarantine/marked')).toEqual([{ Key: 'why', Value: 'virus' }]);
  expect(await tags(Key)).toEqual([{ Key: 'state', Value: 'done & over' }]);
  for (const key of [Key, 'quarantine/plain', 'quarantine/marked'])
    expect(Buffer.from(await read(key)).toString()).toBe('Subject: tea\r\n\r\n');
});

test('a conditional put does not replace what is there', async () => {
  const put = (Body: string) => s3.send(new PutObjectCommand({ Bucket, Key: 'once', Body, IfNoneMatch: '*' }));
  await put('first');
  await expect(put('second')).rejects.toThrow(expect.objectContaining({ name: 'PreconditionFailed' }));
  expect(Buffer.from(await read('once')).toString()).toBe('first');
});

test('an upload that ends early or arrives damaged leaves nothing behind', async () => {
  const short = fetch(`${aws.url}/${Bucket}/short`, {
    method: 'PUT',
    body: '5\r\nhel',
    headers: {
      authorization: 'AWS4-HMAC-SHA256 Credential=local/20261122/us-east-1/s3/aws4_request',
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    },
  });
  await expect(short).rejects.toThrow('fetch failed');
  const damaged = s3.send(new PutObjectCommand({ Bucket, Key: 'bad', Body: 'hello', ChecksumCRC32: 'AAAAAA==' }));
  await expect(damaged).rejects.toThrow(expect.objectContaining({ name: 'BadDigest' }));
  expect((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
  expect(readdirSync(join(folder, Bucket, 'objects'))).toEqual([]);
});

test('a listing comes in pages, in the order of the keys', async () => {
  for (const Key of ['inbound/3', 'other/1', 'inbound/1', 'inbound/2'])
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  const page = (ContinuationToken?: string) =>
    s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'inbound/', MaxKeys: 2, ContinuationToken }));
  const first = await page();
  const second = await page(first.NextContinuationToken);
  expect([first, second].map(({ Contents }) => Contents?.map(({ Key }) => Key))).toEqual([
    ['inbound/1', 'inbound/2'],
    ['inbound/3'],
  ]);
  expect(second.NextContinuationToken).toBeUndefined();
});

test('objects outlive a restart', async () => {
  await s3.send(new PutObjectCommand({ Bucket, Key: 'kept', Body: 'bytes', Metadata: { a: 'b' } }));
  await close();
  await open();
  expect(Buffer.from(await read('kept')).toString()).toBe('bytes');
  expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'kept' }))).Metadata).toEqual({ a: 'b' });
});

test('faults to order: an error, and a body that ends early', async () => {
  await s3.send(new PutObjectCommand({ Bucket, Key: 'mail', Body: randomBytes(mebibyte) }));
  faults.next('s3', { operation: 'GetObject', code: 'SlowDown', status: 503 });
  await expect(read('mail')).rejects.toThrow(expect.objectContaining({ name: 'SlowDown' }));
  faults.next('s3', { operation: 'GetObject', cutAfter: 1000 });
  await expect(read('mail')).rejects.toThrow(/aborted|terminated|closed|hang up/);
  expect(await read('mail')).toHaveLength(mebibyte);
});

/** What two emulators must agree on. */
async function interview(client: S3Client): Promise<unknown[]> {
  const answers: unknown[] = [];
  const ask = async (question: Promise<unknown>) =>
    void answers.push(await question.catch((error: Error) => `error ${error.name}`));
  const Key = 'inbound/1';
  await ask(client.send(new GetObjectCommand({ Bucket: 'nobody', Key })));
  const put = await client.send(
    new PutObjectCommand({ Bucket, Key, Body: 'hello world', ContentType: 'message/rfc822' }),
  );
  answers.push(put.ETag);
  await ask(client.send(new GetObjectCommand({ Bucket, Key: 'missing' })));
  await ask(client.send(new HeadObjectCommand({ Bucket, Key: 'missing' })));
  const part = await client.send(new GetObjectCommand({ Bucket, Key, Range: 'bytes=6-100' }));
  answers.push(part.ContentRange, part.ContentLength, await part.Body?.transformToString());
  await ask(client.send(new GetObjectCommand({ Bucket, Key, Range: 'bytes=50-60' })));
  await ask(client.send(new GetObjectCommand({ Bucket, Key, IfMatch: '"other"' })));
  const head = await client.send(new HeadObjectCommand({ Bucket, Key }));
  answers.push(head.ContentLength, head.ContentType, head.ETag);
  const list = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'inbound/' }));
  answers.push(
    list.Contents?.map((object) => [object.Key, object.Size, object.ETag]),
    list.IsTruncated,
  );
  await client.send(new DeleteObjectCommand({ Bucket, Key }));
  await ask(client.send(new GetObjectCommand({ Bucket, Key })));
  return answers;
}

test('fauxqs, an emulator written by others, gives the same answers', async () => {
  const other = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  const client = new S3Client({ ...clientConfig(other.address), forcePathStyle: true, maxAttempts: 1 });
  try {
    await client.send(new CreateBucketCommand({ Bucket }));
    expect(await interview(s3)).toEqual(await interview(client));
  } finally {
    client.destroy();
    await other.stop();
  }
});
