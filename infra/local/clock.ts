/**
 * The clock of the local stack: real time plus an offset that tests and people can turn forward.
 * Queues and SES read it here; the function's own process reads the same offset from the file (clock-preload.mjs),
 * so that waits of hours are over at once and both sides agree on the age of a mail.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface Clock {
  /** The stack's time, in ms since 1970. */
  now: () => number;
  /** Turns the clock forward by so many ms; everything that waits for the time looks again at once. */
  turn(ms: number): void;
  /** Calls back after every turn; the answer removes the listener. */
  onTurn(listener: () => void): () => void;
  /** How far the clock is ahead of real time, in ms. */
  readonly offset: number;
  /** Where the function's process finds the offset: 8 bytes, a little-endian double. */
  readonly file: string;
}

/** A clock that shows real time until it is turned; writes its offset into `file`. */
export function createClock(file: string): Clock {
  const listeners = new Set<() => void>();
  let offset = 0;
  const save = () => {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(offset);
    writeFileSync(file, bytes);
  };
  mkdirSync(dirname(file), { recursive: true });
  save();
  return {
    file,
    get offset() {
      return offset;
    },
    now: () => Date.now() + offset,
    turn: (ms) => {
      if (!(ms >= 0)) throw new RangeError('the clock turns forward only');
      offset += ms;
      save();
      for (const listener of listeners) listener();
    },
    onTurn: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
