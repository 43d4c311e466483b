/**
 * The folder of a stack's state: a temporary one that goes when the stack stops, or one that is kept. Two stacks on
 * one folder would spoil it, so the second is refused while the first runs.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface StateFolder {
  path: string;
  keep: boolean;
  /** Lets go of a kept folder, or removes a temporary one. */
  release(): void;
}

/** Opens the folder to keep, or makes a temporary one. Throws when another stack is at work in it. */
export function openStateFolder(kept: string | undefined): StateFolder {
  if (kept === undefined) {
    const path = mkdtempSync(join(tmpdir(), 'smtp2gs-stack-'));
    return { path, keep: false, release: () => rmSync(path, { recursive: true, force: true }) };
  }
  mkdirSync(kept, { recursive: true, mode: 0o700 }); // there will be mail in it
  const lock = join(kept, 'pid');
  const holder = pidIn(lock);
  if (holder !== undefined && isAlive(holder))
    throw new Error(`${kept} is in use by the stack with process id ${holder}`);
  writeFileSync(lock, String(process.pid));
  return { path: kept, keep: true, release: () => rmSync(lock, { force: true }) };
}

function pidIn(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined;
  } catch {
    return undefined; // nobody was here, or left in order
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
