/**
 * Makes a message of the standard input or of a file. A regular file is read where it lies; anything else is held in
 * memory up to 1 MiB and beyond that in a spool file without a name. One leading mbox `From ` line is dropped. It stops
 * reading one byte above the maximum. A `--file` that cannot be read is the administrator's mistake (`config-invalid`);
 * every other failure is `message-unreadable`.
 */
import { createReadStream, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { DeliveryFailure } from '../core/delivery-status.ts';
import { type Message, messageOf } from '../core/message.ts';
import { fileMessage } from './file-message.ts';
import { codeOf } from './input-file.ts';
import { mboxLineLength } from './mbox-line.ts';
import { readPipe, type TakePiece } from './read-pipe.ts';
import { openSpool, type Spool } from './spool.ts';
import { UsageError } from './usage-error.ts';

/** Bytes. */
const memoryLimit = 1024 * 1024;

/** Bytes. A `From ` line is an address and a date. */
const mboxLineLimit = 4096;

export interface OpenMessageOptions {
  /** Path, or `-` for the standard input. */
  readonly file: string;
  /** Bytes. */
  readonly maxSize: number;
  readonly spoolDir: string;
  readonly signal: AbortSignal;
}

/** Opens the message; its size is known, and above `maxSize` only if it is too large. */
export async function openMessage(options: OpenMessageOptions): Promise<Message> {
  const descriptor = options.file === '-' ? 0 : openFile(options.file);
  const stat = unreadable('standard input', () => fstatSync(descriptor));
  if (stat.isDirectory()) throw new UsageError(`--file ${options.file} is a directory`);
  if (stat.isFile()) {
    const start = options.file === '-' ? positionOf(descriptor) : 0;
    return regularFile(descriptor, start, stat.size);
  }
  if (options.file === '-' && (stat.isFIFO() || stat.isSocket())) return await receive(readPipe, options);
  // A terminal, a device, or the name of a pipe.
  const stream = options.file === '-' ? process.stdin : createReadStream('', { fd: descriptor });
  return await receive((take, signal) => readStream(stream, take, signal), options);
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw new UsageError(`cannot read --file ${path} (${codeOf(cause)})`);
  }
}

function regularFile(descriptor: number, start: number, end: number): Message {
  const beginning = Buffer.alloc(mboxLineLimit);
  const length = unreadable('the file', () => readSync(descriptor, beginning, 0, mboxLineLimit, start));
  const skip = mboxLineLength(beginning.subarray(0, length));
  return fileMessage(descriptor, start + skip, Math.max(0, end - start - skip));
}

/** Bytes of the standard input that somebody has read before us (proc(5), fdinfo); qmail hands over an open file. */
function positionOf(descriptor: number): number {
  try {
    return Number(/^pos:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Gives the pieces of the mail to a function, and ends with the mail, when no more is wanted, or by the signal. */
type Read = (take: TakePiece, signal: AbortSignal) => Promise<void>;

async function receive(read: Read, { maxSize, spoolDir, signal }: OpenMessageOptions): Promise<Message> {
  const held: Buffer[] = [];
  let size = 0;
  let spool: Spool | undefined;
  const takeHeld = () => {
    const bytes = Buffer.concat(held.splice(0));
    const mail = bytes.subarray(mboxLineLength(bytes.subarray(0, mboxLineLimit)));
    size = mail.length;
    return mail;
  };
  const take = (piece: Buffer) => {
    size += piece.length;
    if (spool) spool.write(piece);
    else held.push(Buffer.from(piece));
    if (!spool && size > memoryLimit) {
      spool = openSpool(spoolDir);
      spool.write(takeHeld());
    }
    return !(spool && size > maxSize);
  };
  try {
    await read(take, signal);
  } catch (cause) {
    if (cause instanceof DeliveryFailure) throw cause;
    const why = signal.aborted ? 'the mail system sent no end of the mail within the deadline' : codeOf(cause);
    throw new DeliveryFailure('message-unreadable', `reading the mail: ${why}`, { cause });
  }
  return spool ? fileMessage(spool.descriptor, 0, size) : messageOf(takeHeld());
}

async function readStream(stream: Readable, take: TakePiece, signal: AbortSignal): Promise<void> {
  const stop = () => stream.destroy(new Error('stopped'));
  signal.addEventListener('abort', stop);
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) if (!take(piece)) return;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function unreadable<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new DeliveryFailure('message-unreadable', `reading ${what}: ${codeOf(cause)}`, { cause });
  }
}
