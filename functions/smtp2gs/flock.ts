/**
 * Takes a lock on an open file. It belongs to the open file description, so it is ours until we end, however we end, and
 * whoever took it for us. Bun calls flock(2) itself, which is quicker by a tenth of a small delivery; Node cannot, and
 * leaves it to flock(1) on a descriptor that it inherits, and so does Bun when the first try fails. A flock(1) that is
 * missing or fails is `config-invalid`.
 */
import { DeliveryFailure } from '../core/delivery-status.ts';
import { codeOf } from './input-file.ts';

/** LOCK_EX and LOCK_NB of flock(2). */
const exclusiveAtOnce = 2 | 4;

/** Exit status of `flock -n` and `flock -w` for a lock that was not had (flock(1)). */
const notHad = 1;

/** Tells whether the lock was had within so many seconds, 0 to try once; false also when the signal came first. */
export async function flock(file: number, wait: number, signal: AbortSignal): Promise<boolean> {
  if (typeof Bun !== 'undefined' && (await hadAtOnce(file))) return true;
  return await runFlock(file, wait === 0 ? ['-n'] : ['-w', String(wait)], signal);
}

async function hadAtOnce(file: number): Promise<boolean> {
  try {
    const { dlopen } = await import('bun:ffi');
    const { symbols } = dlopen('libc.so.6', { flock: { args: ['i32', 'i32'], returns: 'i32' } });
    return symbols.flock(file, exclusiveAtOnce) === 0;
  } catch {
    // Another C library than Debian's: flock(1) will do.
    return false;
  }
}

async function runFlock(file: number, how: readonly string[], signal: AbortSignal): Promise<boolean> {
  const { spawn } = await import('node:child_process');
  return await new Promise((resolve, reject) => {
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
