/**
 * Limits how many deliveries run at once on a host. A slot is a lock on an open file, which the kernel frees when we end,
 * however we end. Waiting longer than 5 s is `no-slot`; a place that cannot be used is `config-invalid`.
 */
import { constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { DeliveryFailure } from '../core/delivery-status.ts';
import { flock } from './flock.ts';
import { codeOf } from './input-file.ts';
import { sinceStart } from './phase-clock.ts';
import { privateDirectory } from './private-directory.ts';

/** Seconds, as in 3.x. */
const longestWait = 5;

/** Milliseconds between two rounds over several slots. */
const roundPause = 20;

export interface SlotOptions {
  readonly slots: number;
  readonly lockDir: string | undefined;
  readonly signal: AbortSignal;
}

/** Takes a slot; it stays taken until the process ends. */
export async function acquireSlot({ slots, lockDir, signal }: SlotOptions): Promise<void> {
  const directory = privateDirectory(lockDir);
  // Each delivery begins anywhere: if all began with the first slot, the last one would try every one that is taken.
  const first = Math.floor(Math.random() * slots);
  const name = (index: number) => `slot-${((first + index) % slots) + 1}`;
  const files = Array.from({ length: slots }, (_, index) => openLockFile(join(directory, name(index))));
  const end = sinceStart() + longestWait * 1000;
  const had = slots === 1 ? await flock(files[0] ?? -1, longestWait, signal) : await tryAll(files, end, signal);
  if (!had) throw new DeliveryFailure('no-slot', `no free slot of ${slots} within ${longestWait} s; see --slots`);
}

async function tryAll(files: readonly number[], end: number, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    for (const file of files) if (await flock(file, 0, signal)) return true;
    if (sinceStart() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, roundPause));
  }
}

function openLockFile(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  } catch (cause) {
    throw new DeliveryFailure(
      'config-invalid',
      `cannot open the lock file ${path} (${codeOf(cause)}); see --lock-dir`,
      { cause },
    );
  }
}
