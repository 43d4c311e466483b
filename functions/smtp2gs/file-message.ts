/**
 * A message that lies in an open file: read by position, in pieces, into one buffer. What goes wrong is
 * `message-unreadable`.
 */
import { readSync } from 'node:fs';
import { DeliveryFailure } from '../core/delivery-status.ts';
import type { Message } from '../core/message.ts';
import { codeOf } from './input-file.ts';

/** Bytes; as many as the multipart body takes at once. */
const pieceSize = 36 * 1024;

/** Makes a message of `size` bytes of a file, from the byte `start`. */
export function fileMessage(descriptor: number, start: number, size: number): Message {
  return {
    size,
    *read() {
      const piece = Buffer.allocUnsafeSlow(Math.min(pieceSize, Math.max(1, size)));
      for (let done = 0; done < size; ) {
        const length = readPiece(descriptor, piece, Math.min(piece.length, size - done), start + done);
        // A file that has become shorter: multipart counts and refuses to send it.
        if (length === 0) return;
        yield piece.subarray(0, length);
        done += length;
      }
    },
  };
}

function readPiece(descriptor: number, piece: Buffer, length: number, position: number): number {
  try {
    return readSync(descriptor, piece, 0, length, position);
  } catch (cause) {
    throw new DeliveryFailure('message-unreadable', `reading the mail again: ${codeOf(cause)}`, { cause });
  }
}
