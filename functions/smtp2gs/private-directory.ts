/**
 * Finds the directory for the slots and proves that nobody else can write to it: a link, a directory of another user or
 * one that others may write to would let any local user block the mail or plant a link. Such a directory is
 * `config-invalid`, with the remedy.
 */
import { lstatSync, mkdirSync, type Stats } from 'node:fs';
import { DeliveryFailure } from '../core/delivery-status.ts';
import { codeOf } from './input-file.ts';

/** Gives the directory; without a wish, the first of the usual places that is there or can be made. */
export function privateDirectory(wish: string | undefined): string {
  const places = lockPlaces(wish);
  for (const place of places) {
    const stat = make(place) ?? lookAt(place);
    if (stat) return proven(place, stat);
  }
  throw refused(places.join(' or '), 'is not there and cannot be made');
}

/** The same without making anything: what is there, or else where it would be made. */
export function findPrivateDirectory(wish: string | undefined): { existing?: string; places: readonly string[] } {
  const places = lockPlaces(wish);
  for (const place of places) {
    const stat = lookAt(place);
    if (stat) return { existing: proven(place, stat), places };
  }
  return { places };
}

function lockPlaces(wish: string | undefined): readonly string[] {
  if (wish !== undefined) return [wish];
  const mine = ownUser();
  const shared = '/run/smtp2gs';
  return [...(lookAt(shared)?.uid === mine ? [shared] : []), `/run/lock/smtp2gs-${mine}`, `/var/tmp/smtp2gs-${mine}`];
}

/** Makes a directory; undefined where that was not possible, or not needed. */
function make(path: string): Stats | undefined {
  try {
    mkdirSync(path, { mode: 0o700 });
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw refused(path, `cannot be looked at (${codeOf(cause)})`);
  }
}

function proven(path: string, stat: Stats): string {
  if (stat.isSymbolicLink()) throw refused(path, 'is a link');
  if (!stat.isDirectory()) throw refused(path, 'is no directory');
  if (stat.uid !== ownUser() && stat.uid !== 0) throw refused(path, 'belongs to another user');
  if ((stat.mode & 0o022) !== 0) throw refused(path, 'can be written by other users');
  return path;
}

function refused(path: string, why: string): DeliveryFailure {
  const remedy = `give --lock-dir a directory of mode 0700 that belongs to user ${ownUser()}`;
  return new DeliveryFailure('config-invalid', `the lock directory ${path} ${why}; ${remedy}`);
}

function ownUser(): number {
  return process.geteuid?.() ?? 0;
}
