/**
 * The S3 service, path style: the operations that mail needs (put, get, head, copy, tag, list, delete), for objects of
 * any size in one request. No multipart uploads, no versions, no permissions; what is not there answers 501.
 */
import { createReadStream } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { AwsError } from './aws-error.ts';
import { uploadBody } from './s3-body.ts';
import { listObjects } from './s3-list.ts';
import { byteRange, copySource, draftOf, header, type S3Call, takeApart } from './s3-request.ts';
import type { S3Store, StoredObject } from './s3-store.ts';
import type { AwsService } from './wire.ts';
import { unescapeText, type XmlObject, xml } from './xml.ts';

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** Serves the objects of the store. */
export function s3Service(store: S3Store): AwsService {
  const found = ({ bucket, key }: { bucket: string; key: string }): StoredObject => {
    const object = store.get(bucket, key);
    if (!object) throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404);
    return object;
  };

  async function putObject(call: S3Call): Promise<void> {
    const { request, response } = call;
    if (header(request, 'if-none-match') === '*' && store.get(call.bucket, call.key))
      throw new AwsError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412);
    const body = uploadBody(request);
    const object = await store.put(draftOf(call), body.bytes, (stored) => {
      const announced = body.crc32();
      if (announced !== undefined && announced !== stored.crc32)
        throw new AwsError('BadDigest', 'The CRC32 you specified did not match the calculated checksum.');
    });
    response.writeHead(200, { etag: object.etag, 'x-amz-checksum-crc32': object.crc32 }).end();
  }

  async function copyObject(call: S3Call): Promise<void> {
    const [, from = '', key = ''] = /^\/?([^/]+)\/(.*)$/.exec(copySource(call) ?? '') ?? [];
    const source = found({ bucket: from, key });
    const draft = draftOf(call);
    const replaced = (name: string) => header(call.request, name) === 'REPLACE';
    const { metadata, contentType } = replaced('x-amz-metadata-directive') ? draft : source;
    const { tags } = replaced('x-amz-tagging-directive') ? draft : source;
    const copy = await store.copy(source, { ...draft, metadata, contentType, tags });
    const LastModified = new Date(copy.lastModified).toISOString();
    sendXml(call, { CopyObjectResult: { ETag: copy.etag, LastModified } });
  }

  async function getObject(call: S3Call): Promise<void> {
    const { request, response } = call;
    const object = found(call);
    const wanted = header(request, 'if-match');
    if (wanted !== undefined && wanted !== object.etag && wanted !== '*')
      throw new AwsError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412);
    const range = byteRange(header(request, 'range'), object.size);
    const whole = { start: 0, end: object.size - 1 };
    const { start, end } = range ?? whole;
    response.writeHead(range ? 206 : 200, {
      etag: object.etag,
      'content-type': object.contentType,
      'content-length': end - start + 1,
      'last-modified': new Date(object.lastModified).toUTCString(),
      'accept-ranges': 'bytes',
      ...(range && { 'content-range': `bytes ${start}-${end}/${object.size}` }),
      ...(!range && header(request, 'x-amz-checksum-mode') && { 'x-amz-checksum-crc32': object.crc32 }),
      ...Object.fromEntries(Object.entries(object.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])),
    });
    if (request.method === 'HEAD' || object.size === 0) response.end();
    else await pipeline(createReadStream(store.path(object), { start, end }), response);
  }

  async function putTags(call: S3Call): Promise<void> {
    const document = (await buffer(call.request)).toString();
    const pairs = document.matchAll(/<Tag>\s*<Key>([^<]*)<\/Key>\s*<Value>([^<]*)<\/Value>\s*<\/Tag>/g);
    store.setTags(
      found(call),
      Object.fromEntries([...pairs].map(([, name = '', value = '']) => [unescapeText(name), unescapeText(value)])),
    );
    call.response.writeHead(200).end();
  }

  const operations: Record<string, (call: S3Call) => void | Promise<void>> = {
    PutObject: putObject,
    CopyObject: copyObject,
    GetObject: getObject,
    HeadObject: getObject,
    DeleteObject: (call) => {
      store.remove(call.bucket, call.key);
      call.response.writeHead(204).end();
    },
    PutObjectTagging: putTags,
    GetObjectTagging: (call) => {
      const Tag = Object.entries(found(call).tags).map(([Key, Value]) => ({ Key, Value }));
      sendXml(call, { Tagging: { TagSet: { Tag } } });
    },
    ListBuckets: (call) =>
      sendXml(call, { ListAllMyBucketsResult: { Buckets: { Bucket: store.buckets().map((Name) => ({ Name })) } } }),
    CreateBucket: (call) => {
      store.createBucket(call.bucket);
      call.response.writeHead(200).end();
    },
    HeadBucket: (call) => void call.response.writeHead(200).end(),
    ListObjectsV2: (call) => sendXml(call, listObjects(store.list(call.bucket), call.bucket, call.query)),
  };

  return async (call) => {
    const taken = takeApart(call);
    const { bucket, key, name } = taken;
    try {
      const operation = operations[name];
      if (!operation) throw new AwsError('NotImplemented', `the local stack has no ${name}`, 501);
      await call.enter(name);
      if (bucket && name !== 'CreateBucket' && !store.buckets().includes(bucket))
        throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404);
      await operation(taken);
    } catch (error) {
      if (!(error instanceof AwsError) || call.response.headersSent) throw error;
      call.request.resume();
      const body = xml({ Error: { Code: error.code, Message: error.message, Key: key } }, namespace);
      call.response.writeHead(error.status, { 'content-type': 'application/xml' });
      call.response.end(call.request.method === 'HEAD' ? undefined : body);
    }
  };
}

function sendXml(call: S3Call, document: XmlObject): void {
  call.response.writeHead(200, { 'content-type': 'application/xml' }).end(xml(document, namespace, 'flat'));
}
