/**
 * Reads the small files that an administrator names: configuration, certificates. A file that cannot be read is
 * `config-invalid`, with its path and the system's reason; nothing of its content is ever quoted.
 */
import { readFileSync } from 'node:fs';
import { DeliveryFailure } from '../core/delivery-status.ts';

/** Bytes. A configuration of a thousand sites fits; a device or a mail given by mistake does not. */
const sizeLimit = 16 * 1024 * 1024;

/** Reads a text file (UTF-8). */
export function readInputFile(path: string, what: string): string {
  try {
    const bytes = readFileSync(path);
    if (bytes.length <= sizeLimit) return bytes.toString('utf8');
  } catch (cause) {
    throw new DeliveryFailure('config-invalid', `cannot read the ${what} ${path} (${codeOf(cause)})`, { cause });
  }
  throw new DeliveryFailure('config-invalid', `the ${what} ${path} is too large to be one`);
}

/** Reads the certificates of `--ca-file`. */
export function readCaFile(path: string): string {
  const text = readInputFile(path, 'CA file');
  if (!text.includes('-----BEGIN '))
    throw new DeliveryFailure('config-invalid', `the CA file ${path} holds no PEM certificate`);
  return text;
}

/** Gives the system's name of an error, such as ENOENT. */
export function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'unknown error';
}
