/**
 * Limits how many deliveries run at once on a host. A slot is a lock on an open file, taken by flock(1) on a descriptor
 * that it inherits: the lock belongs to the open file, so it is ours when flock has gone, and the kernel frees it when we
 * end, however we end. Waiting longer than 5 s is `no-slot`; a place that cannot be used is `config-invalid`.
 */
import { spawn } from 'node:child_process';
import { constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { DeliveryFailure } from '../core/delivery-status.ts';
import { codeOf } from './input-file.ts';
import { privateDirectory } from './private-directory.ts';

/** Seconds, as in 3.x. */
const longestWait = 5;

/** Milliseconds between two rounds over several slots. */
const roundPause = 20;

/** Exit status of `flock -n` and `flock -w` for a lock that was not had (flock(1)). */
const notHad = 1;

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
  const end = performance.now() + longestWait * 1000;
  const had =
    slots === 1 ? await tryLock(files[0] ?? -1, ['-w', String(longestWait)], signal) : await tryAll(files, end, signal);
  if (!had) throw new DeliveryFailure('no-slot', `no free slot of ${slots} within ${longestWait} s; see --slots`);
}

async function tryAll(files: readonly number[], end: number, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    for (const file of files) if (await tryLock(file, ['-n'], signal)) return true;
    if (performance.now() > end) return false;
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

function tryLock(file: number, how: readonly string[], signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn('/usr/bin/flock', [...how, '3'], { stdio: ['ignore', 'ignore', 'ignore', file] });
    const stop = () => child.kill('SIGKILL');
    signal.addEventListener('abort', stop);
    process.once('exit', stop);
    child.once('error', (cause) => {
      const why = `cannot run /usr/bin/flock (${codeOf(cause)}); install util-linux`;
      reject(new DeliveryFailure('config-invalid', why, { cause }));
    });
    child.once('exit', (status) => {
      signal.removeEventListener('abort', stop);
      process.removeListener('exit', stop);
      if (status === 0) resolve(true);
      else if (status === notHad || signal.aborted) resolve(false);
      else reject(new DeliveryFailure('config-invalid', `flock failed with status ${status}; see --lock-dir`));
    });
  });
}
