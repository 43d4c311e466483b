/**
 * Checks what a delivery needs on the disk: the directory of the slots and flock(1), and room for large mail. It makes
 * nothing.
 */
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { statusOf } from '../../../core/delivery-status.ts';
import { codeOf } from '../../input-file.ts';
import { findPrivateDirectory } from '../../private-directory.ts';
import { type Finding, failed, ok, warning } from './finding.ts';

const flock = '/usr/bin/flock';

/** The directory that a delivery would use for its slots. */
export function checkLockDirectory(wish: string | undefined): Finding {
  const check = 'lock directory';
  const user = process.geteuid?.() ?? 0;
  try {
    const { existing, places } = findPrivateDirectory(wish);
    const remedy = `install -d -m 0700 -o ${user} ${existing ?? places[0]}`;
    if (existing !== undefined) {
      return writable(existing)
        ? ok(check, existing)
        : failed(check, `user ${user} cannot write to ${existing}`, remedy);
    }
    const place = places.find((each) => writable(dirname(each)));
    if (place !== undefined) return ok(check, `${place} will be made by the first delivery`);
    return failed(check, `${places.join(' or ')} is not there, and user ${user} cannot make it`, remedy);
  } catch (error) {
    return failed(check, statusOf(error).detail ?? '', `install -d -m 0700 -o ${user} DIRECTORY, and give --lock-dir`);
  }
}

export function checkFlock(): Finding {
  if (existsSync(flock)) return ok('flock', flock);
  return failed('flock', `${flock} is not there: every mail is deferred`, 'install the package util-linux');
}

/** The directory for mail above 1 MiB. `maxSize` is in bytes. */
export function checkSpoolDirectory(path: string, maxSize: number): Finding {
  const check = 'spool directory';
  const remedy = `make room in ${path}, or give --spool-dir a directory with more`;
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = statfsSync(path);
    if (bavail * bsize < maxSize)
      return warning(check, `${path} has less room than one mail of the maximum size`, remedy);
    return ok(check, path);
  } catch (error) {
    return failed(
      check,
      `mail above 1 MiB cannot be stored in ${path} (${codeOf(error)})`,
      'give --spool-dir a directory that the command can write to',
    );
  }
}

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
