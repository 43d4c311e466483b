/** The mail that SES has stored: which there is since when, and the beginning of one, header section and stamps. */
import { GetObjectCommand, HeadObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { type Header, readHeader } from '../../functions/core/header.ts';
import { Failure } from './failure.ts';

/** What the keys of stored mail begin with, as the receipt rule says. */
export const inboundPrefix = 'inbound/';

export interface StoredMail {
  /** SES's id. */
  readonly messageId: string;
  readonly storedAt: Date;
  /** Bytes. */
  readonly size: number;
}

/** The mail that SES writes under the prefix when a rule is made. */
const setupMessageId = 'AMAZON_SES_SETUP_NOTIFICATION';

/** Bytes. What SES stamps is on top, and a header section is seldom longer. */
const beginning = 65_536;

/** Lists mail by the time when it was stored, oldest first; `seen` is told how many objects were looked at. */
export async function listStored(
  s3: S3Client,
  bucket: string,
  { since, until, signal, seen }: { since: Date; until: Date; signal: AbortSignal; seen: (count: number) => void },
): Promise<StoredMail[]> {
  const found: StoredMail[] = [];
  let count = 0;
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client: s3 },
    { Bucket: bucket, Prefix: inboundPrefix },
  )) {
    for (const { Key = '', LastModified = new Date(0), Size = 0 } of Contents) {
      const messageId = Key.slice(inboundPrefix.length);
      if (messageId === setupMessageId || LastModified < since || LastModified > until) continue;
      found.push({ messageId, storedAt: LastModified, size: Size });
    }
    count += Contents.length;
    seen(count);
    if (signal.aborted) break;
  }
  return found.toSorted((a, b) => a.storedAt.getTime() - b.storedAt.getTime());
}

/** Finds one mail; a Failure where there is none. */
export async function findStored(s3: S3Client, bucket: string, messageId: string): Promise<StoredMail> {
  try {
    const { LastModified = new Date(0), ContentLength = 0 } = await s3.send(
      new HeadObjectCommand({ Bucket: bucket, Key: inboundPrefix + messageId }),
    );
    return { messageId, storedAt: LastModified, size: ContentLength };
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'NotFound') throw error;
    throw new Failure(`There is no mail ${inboundPrefix}${messageId} in ${bucket}.`, { cause: error });
  }
}

/** Reads the header section of a mail, as far as it stands in its beginning. */
export async function readStoredHeader(s3: S3Client, bucket: string, { messageId, size }: StoredMail): Promise<Header> {
  if (size === 0) return [];
  const { Body } = await s3.send(
    new GetObjectCommand({ Bucket: bucket, Key: inboundPrefix + messageId, Range: `bytes=0-${beginning - 1}` }),
  );
  return await readHeader([Buffer.from((await Body?.transformToByteArray()) ?? [])]);
}
