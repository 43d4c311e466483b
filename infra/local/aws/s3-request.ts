/** Takes a request to S3 apart: bucket, key, operation, and what its headers say of the object. */
import type { IncomingMessage } from 'node:http';
import { AwsError } from './aws-error.ts';
import type { Draft } from './s3-store.ts';
import type { Call } from './wire.ts';

/** One call, taken apart. */
export interface S3Call extends Call {
  bucket: string;
  key: string;
  query: URLSearchParams;
  /** The operation, as AWS, faults and messages call it. */
  name: string;
}

/** The parts of a path-style request. */
export function takeApart(call: Call): S3Call {
  const url = new URL(call.request.url ?? '/', 'http://localhost');
  const [, bucket = '', ...rest] = decodeURIComponent(url.pathname).split('/');
  const parts = { bucket, key: rest.join('/'), query: url.searchParams };
  return { ...call, ...parts, name: operationName(call.request, parts) };
}

/** The first value of a header, or undefined. */
export function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** `bucket/key` of a copy's source, or undefined. */
export function copySource({ request }: Call): string | undefined {
  const source = header(request, 'x-amz-copy-source');
  return source === undefined ? undefined : decodeURIComponent(source);
}

/** The name of the operation, as faults and messages call it. */
function operationName(
  request: IncomingMessage,
  { bucket, key, query }: { bucket: string; key: string; query: URLSearchParams },
): string {
  const method = request.method ?? '';
  const is = (name: string) => query.has(name);
  if (is('uploads') || is('uploadId')) return 'MultipartUpload';
  const verb = { PUT: 'Put', GET: 'Get', HEAD: 'Head', DELETE: 'Delete' }[method] ?? method;
  if (bucket === '') return 'ListBuckets';
  if (key === '') {
    if (method === 'GET') return 'ListObjectsV2';
    return method === 'PUT' ? 'CreateBucket' : `${verb}Bucket`;
  }
  if (is('tagging')) return `${verb}ObjectTagging`;
  return method === 'PUT' && header(request, 'x-amz-copy-source') ? 'CopyObject' : `${verb}Object`;
}

/** What the request says of the object that it makes. */
export function draftOf({ request, bucket, key }: S3Call): Draft {
  const metadata = Object.entries(request.headers).flatMap(([name, value]) =>
    name.startsWith('x-amz-meta-') && typeof value === 'string'
      ? [[name.slice('x-amz-meta-'.length), value] as const]
      : [],
  );
  return {
    bucket,
    key,
    contentType: header(request, 'content-type') ?? 'binary/octet-stream',
    metadata: Object.fromEntries(metadata),
    tags: Object.fromEntries(new URLSearchParams(header(request, 'x-amz-tagging') ?? '')),
  };
}

/** The bytes that a Range header asks for, or undefined for all of them. */
export function byteRange(range: string | undefined, size: number): { start: number; end: number } | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  const start = from === '' ? Math.max(size - Number(to), 0) : Number(from);
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (start > end) throw new AwsError('InvalidRange', 'The requested range is not satisfiable', 416);
  return { start, end };
}
