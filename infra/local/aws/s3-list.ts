/** ListObjectsV2: prefix, page size and the token of the next page; no delimiter. */
import type { StoredObject } from './s3-store.ts';
import type { XmlObject } from './xml.ts';

/** The answer for objects in the order of their keys; the token of the next page is the last key of this one. */
export function listObjects(all: StoredObject[], bucket: string, query: URLSearchParams): XmlObject {
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
  const maximum = Math.min(Number(query.get('max-keys') ?? 1000), 1000);
  const matching = all.filter(({ key }) => key.startsWith(prefix) && key > after);
  const page = matching.slice(0, maximum);
  const more = matching.length > page.length;
  return {
    ListBucketResult: {
      Name: bucket,
      Prefix: prefix,
      KeyCount: page.length,
      MaxKeys: maximum,
      IsTruncated: more,
      NextContinuationToken: more ? page.at(-1)?.key : undefined,
      Contents: page.map(({ key, size, etag, lastModified }) => ({
        Key: key,
        LastModified: new Date(lastModified).toISOString(),
        ETag: etag,
        Size: size,
        StorageClass: 'STANDARD',
      })),
    },
  };
}
