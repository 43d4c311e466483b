/**
 * A file without a name in which a large mail waits: unlinked as soon as it is open, so that no end of the process, not
 * even SIGKILL, leaves it behind. Readable by us only. A full disk or a missing directory is `message-unreadable`.
 */
import { closeSync, constants, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DeliveryFailure } from '../core/delivery-status.ts';
import { codeOf } from './input-file.ts';

export interface Spool {
  readonly descriptor: number;
  /** Appends all the bytes. */
  write(bytes: Buffer): void;
}

/** Opens a spool file in a directory. */
export function openSpool(directory: string): Spool {
  const path = join(directory, `smtp2gs-${process.pid}-${process.hrtime.bigint()}`);
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, flags, 0o600);
    unlinkSync(path);
    return { descriptor, write: (bytes) => writeAll(Number(descriptor), bytes, directory) };
  } catch (cause) {
    if (descriptor !== undefined) closeSync(descriptor);
    throw cannotSpool(directory, cause);
  }
}

function writeAll(descriptor: number, bytes: Buffer, directory: string): void {
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done, bytes.length - done);
  } catch (cause) {
    throw cannotSpool(directory, cause);
  }
}

function cannotSpool(directory: string, cause: unknown): DeliveryFailure {
  const why = `cannot write to the spool directory ${directory} (${codeOf(cause)}); see --spool-dir`;
  return new DeliveryFailure('message-unreadable', why, { cause });
}
