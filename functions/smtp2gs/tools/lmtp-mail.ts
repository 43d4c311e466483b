/**
 * Takes the bytes of a mail as they come: up to 1 MiB in memory, more in a spool file without a name. Above the maximum
 * it stores no more, but reads on, since LMTP answers behind the end of the mail only; the same after a full disk, which
 * it tells at the end (`message-unreadable`).
 */
import { closeSync } from 'node:fs';
import { type Message, messageOf } from '../../core/message.ts';
import { fileMessage } from '../file-message.ts';
import { openSpool, type Spool } from '../spool.ts';

/** Bytes. */
const memoryLimit = 1024 * 1024;
const firstBuffer = 64 * 1024;

export interface ReceivedMail {
  /** Its size is the true one also where the bytes above the maximum are not there. */
  readonly message: Message;
  /** Gives the disk space back; nobody may read the message afterwards. */
  dispose(): void;
}

export interface ReceiveOptions {
  /** Bytes. */
  readonly maxSize: number;
  readonly spoolDir: string;
}

/** Reads a mail to its end; rejects when the connection ends before. */
export async function receiveMail(
  stream: AsyncIterable<Uint8Array>,
  { maxSize, spoolDir }: ReceiveOptions,
): Promise<ReceivedMail> {
  // Pieces may be as short as a line: they are gathered, so that neither memory nor the disk is used piece by piece.
  let held = Buffer.allocUnsafe(firstBuffer);
  let filled = 0;
  let size = 0;
  let spool: Spool | undefined;
  let failure: unknown;
  const flush = () => {
    spool ??= openSpool(spoolDir);
    spool.write(held.subarray(0, filled));
    filled = 0;
  };
  const makeRoom = () => {
    if (held.length === memoryLimit) flush();
    else held = Buffer.concat([held], Math.min(2 * held.length, memoryLimit));
  };
  const store = (piece: Uint8Array) => {
    for (let taken = 0; taken < piece.length; ) {
      if (filled === held.length) makeRoom();
      const part = piece.subarray(taken, taken + held.length - filled);
      held.set(part, filled);
      filled += part.length;
      taken += part.length;
    }
  };
  const dispose = () => {
    if (spool) closeSync(spool.descriptor);
    spool = undefined;
  };
  try {
    for await (const piece of stream) {
      size += piece.length;
      if (failure === undefined && size <= maxSize) failure = errorOf(() => store(piece));
    }
    if (failure === undefined && spool && size <= maxSize) failure = errorOf(flush);
    if (failure !== undefined) throw failure;
  } catch (error) {
    dispose();
    throw error;
  }
  const message = spool ? fileMessage(spool.descriptor, 0, size) : messageOf(held.subarray(0, filled));
  return { message: { ...message, size }, dispose };
}

function errorOf(work: () => void): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}
