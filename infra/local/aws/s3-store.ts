/**
 * S3's objects as files: the bytes as they came, and beside them a small record with what S3 knows of them.
 * Nothing is held in memory but the records. An object appears when it is whole, or not at all.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { openFileStore } from './file-store.ts';

/** What S3 knows of an object beside its bytes. */
export interface StoredObject {
  bucket: string;
  key: string;
  size: number;
  /** MD5 of the bytes, in quotes. */
  etag: string;
  /** ms since 1970. */
  lastModified: number;
  contentType: string;
  /** `x-amz-meta-*` without the prefix. */
  metadata: Record<string, string>;
  tags: Record<string, string>;
  /** CRC-32 of the bytes, base64, as S3 stores it for every object today. */
  crc32: string;
}

export interface S3Store {
  buckets(): string[];
  createBucket(name: string): void;
  get(bucket: string, key: string): StoredObject | undefined;
  /** The file with the bytes of an object that was found. */
  path(object: StoredObject): string;
  /** Stores the bytes when `accept` has nothing against what arrived; a stream that fails leaves nothing behind. */
  put(draft: Draft, body: Readable, accept: (object: StoredObject) => void): Promise<StoredObject>;
  copy(source: StoredObject, draft: Draft): Promise<StoredObject>;
  setTags(object: StoredObject, tags: Record<string, string>): void;
  remove(bucket: string, key: string): void;
  /** The bucket's objects in the order of their keys. */
  list(bucket: string): StoredObject[];
}

/** What a caller says of an object before its bytes are there. */
export type Draft = Omit<StoredObject, 'size' | 'etag' | 'crc32' | 'lastModified'>;

/** Opens the store in a folder; `now` is the stack's clock. */
export function openS3Store(folder: string, now: () => number): S3Store {
  const buckets = new Map<string, { objects: Map<string, StoredObject>; records: ReturnType<typeof openBucket> }>();

  // Keys are readable file names, so that a kept stack can be looked into; a very long one becomes its digest.
  const fileName = (key: string) => {
    const name = encodeURIComponent(key);
    return name.length <= 200 ? name : createHash('sha256').update(key).digest('hex');
  };
  const path = ({ bucket, key }: { bucket: string; key: string }) => join(folder, bucket, 'objects', fileName(key));

  function openBucket(name: string) {
    mkdirSync(join(folder, name, 'objects'), { recursive: true });
    return openFileStore<StoredObject>(join(folder, name, 'records'));
  }
  function createBucket(name: string): void {
    if (buckets.has(name)) return;
    const records = openBucket(name);
    const objects = new Map(records.all().map((object) => [object.key, object]));
    buckets.set(name, { records, objects });
    // An upload that was under way when the last run was killed has left bytes without a record.
    const whole = new Set([...objects.keys()].map(fileName));
    const files = join(folder, name, 'objects');
    for (const file of readdirSync(files)) if (!whole.has(file)) rmSync(join(files, file));
  }
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) createBucket(name);

  const save = (object: StoredObject) => {
    buckets.get(object.bucket)?.objects.set(object.key, object);
    buckets.get(object.bucket)?.records.put(fileName(object.key), object);
    return object;
  };

  return {
    buckets: () => [...buckets.keys()],
    createBucket,
    get: (bucket, key) => buckets.get(bucket)?.objects.get(key),
    path,
    put: async (draft, body, accept) => {
      const partial = `${path(draft)}.${randomUUID()}`;
      const md5 = createHash('md5');
      let [size, checksum] = [0, 0];
      const measure = async function* (source: AsyncIterable<Buffer>) {
        for await (const chunk of source) {
          md5.update(chunk);
          checksum = crc32(chunk, checksum);
          size += chunk.length;
          yield chunk;
        }
      };
      try {
        await pipeline(body, measure, createWriteStream(partial));
        const encoded = Buffer.alloc(4);
        encoded.writeUInt32BE(checksum);
        const etag = `"${md5.digest('hex')}"`;
        const object = { ...draft, size, etag, crc32: encoded.toString('base64'), lastModified: now() };
        accept(object);
        renameSync(partial, path(draft));
        return save(object);
      } catch (error) {
        rmSync(partial, { force: true });
        throw error;
      }
    },
    copy: async (source, draft) => {
      const partial = `${path(draft)}.${randomUUID()}`;
      await copyFile(path(source), partial);
      renameSync(partial, path(draft));
      return save({ ...source, ...draft, lastModified: now() });
    },
    setTags: (object, tags) => void save({ ...object, tags }),
    remove: (bucket, key) => {
      buckets.get(bucket)?.objects.delete(key);
      buckets.get(bucket)?.records.remove(fileName(key));
      rmSync(path({ bucket, key }), { force: true });
    },
    list: (bucket) =>
      [...(buckets.get(bucket)?.objects.values() ?? [])].toSorted((a, b) =>
        Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)),
      ),
  };
}
