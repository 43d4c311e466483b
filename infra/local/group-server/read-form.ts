/**
 * Reads the form of a request, `multipart/form-data` or `application/x-www-form-urlencoded`, with busboy: a parser that
 * shares nothing with the sender under test. The message is decoded while it arrives, in flat memory (urlencoded: held
 * whole). As in Zope, a part with a filename is a file and nothing else.
 * Rejects when the request ends early or is not a form in its own terms; an unknown content type is an empty form.
 */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { Busboy } from '@fastify/busboy';
import { createBase64Decoder } from './base64-decoder.ts';
import type { MessageStore } from './message-store.ts';
import { createPostIdentity } from './post-identity.ts';
import type { StoredMessage } from './record.ts';

/** A form as it was sent; names are without their prefix `form.`, and fields without it do not count. */
export interface ReadForm {
  fields: ReadonlyMap<string, string>;
  /** The fields that came as a file. */
  files: ReadonlySet<string>;
  /** The fields that came more than once. */
  repeated: ReadonlySet<string>;
  message?: StoredMessage;
  /** Says when two messages are the same post. */
  identity?: string;
  /** The message began as base64 and did not go on as such. */
  undecodable: boolean;
}

interface ReadMessage {
  message?: StoredMessage;
  identity?: string;
  undecodable: boolean;
}

const MESSAGE = 'form.emailMessage';
/** So far into a field that turns out not to be base64 its raw text is still at hand. */
const RAW_LIMIT = 64 * 1024;

/** Reads the whole body of the request; the message goes to the store. */
export async function readForm(request: IncomingMessage, store: MessageStore): Promise<ReadForm> {
  const fields = new Map<string, string>();
  const files = new Set<string>();
  const repeated = new Set<string>();
  const reading: Promise<ReadMessage>[] = [];
  const seen = new Set<string>();
  const nameOf = (wireName: string) => {
    const name = wireName.startsWith('form.') ? wireName.slice('form.'.length) : undefined;
    if (name !== undefined && seen.has(name)) repeated.add(name);
    if (name !== undefined) seen.add(name);
    return name;
  };

  const contentType = request.headers['content-type'] ?? '';
  if (!/^(multipart\/form-data|application\/x-www-form-urlencoded)\b/i.test(contentType)) {
    for await (const chunk of request) void chunk;
    return { fields, files, repeated, undecodable: false };
  }

  const open = new Set<Readable>();
  const busboy = new Busboy({
    headers: { ...request.headers, 'content-type': contentType },
    defCharset: 'latin1',
    limits: { fieldSize: Number.POSITIVE_INFINITY },
    isPartAFile: (name, _type, filename) => filename !== undefined || name === MESSAGE,
  });
  busboy.on('file', (wireName, stream, filename: string | undefined) => {
    open.add(stream);
    const name = nameOf(wireName);
    if (filename !== undefined && name !== undefined) files.add(name);
    if (filename === undefined && !repeated.has('emailMessage')) reading.push(readMessage(stream, store));
    else stream.on('error', () => undefined).resume();
  });
  busboy.on('field', (wireName, value) => {
    const name = nameOf(wireName);
    const bytes = Buffer.from(value, 'latin1');
    if (wireName === MESSAGE && !repeated.has('emailMessage')) reading.push(readMessage([bytes], store));
    else if (name !== undefined) fields.set(name, bytes.toString());
  });

  try {
    await new Promise<void>((resolve, reject) => {
      busboy.on('finish', resolve).on('error', reject);
      request.on('error', reject).pipe(busboy);
    });
  } catch (error) {
    for (const stream of open) stream.destroy(new Error('The form was cut off'));
    await Promise.allSettled(reading);
    throw error;
  }
  const [read = { undecodable: false }] = await Promise.all(reading);
  return { fields, files, repeated, ...read };
}

/** Decodes the message; text that is no base64 from its beginning counts as the message itself, as with the real one. */
async function readMessage(
  source: AsyncIterable<Buffer> | Iterable<Buffer>,
  store: MessageStore,
): Promise<ReadMessage> {
  const decoder = createBase64Decoder();
  let kept = keep(store);
  let early: Buffer[] = [];
  let size = 0;
  const mode: { reads: 'base64' | 'raw' | 'nothing' } = { reads: 'base64' };

  const turnRaw = async () => {
    kept.discard();
    mode.reads = early.length > 0 ? 'raw' : 'nothing';
    kept = keep(store);
    for (const chunk of early) await kept.write(chunk);
    early = [];
  };
  try {
    for await (const chunk of source) {
      if (size === 0 || (early.length > 0 && size + chunk.length <= RAW_LIMIT)) early.push(chunk);
      else early = [];
      size += chunk.length;
      if (mode.reads === 'raw') await kept.write(chunk);
      if (mode.reads !== 'base64') continue;
      const piece = decoder.write(chunk);
      if (piece) await kept.write(piece);
      else await turnRaw();
    }
    if (mode.reads === 'base64' && !decoder.end()) await turnRaw();
    return mode.reads === 'nothing' ? { undecodable: true } : kept.end();
  } catch (error) {
    kept.discard();
    throw error;
  }
}

function keep(store: MessageStore) {
  const writer = store.writer();
  const identity = createPostIdentity();
  return {
    async write(piece: Buffer) {
      identity.write(piece);
      await writer.write(piece);
    },
    end: (): ReadMessage => ({ message: writer.end(), identity: identity.end(), undecodable: false }),
    discard: () => writer.discard(),
  };
}
