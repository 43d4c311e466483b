/**
 * Memory in which a worker shows what it is doing, so that somebody outside knows the input that made it hang or die.
 */
import { longestInput } from './mutate.ts';

/** Places of the numbers: cases so far, number of the target, length of the input. */
const [casesAt, targetAt, lengthAt] = [0, 1, 2];
const numbersLength = 3 * Int32Array.BYTES_PER_ELEMENT;
/** The grammars write a little more than the mutations leave. */
const capacity = 16 * longestInput;

export interface SharedInput {
  readonly buffer: SharedArrayBuffer;
  show(target: number, input: Buffer): void;
  /** Cases that were begun. */
  cases(): number;
  target(): number;
  /** The input, as far as there was room for it. */
  input(): Buffer;
}

/** Makes such memory, or looks at one that another thread has made. */
export function sharedInput(buffer = new SharedArrayBuffer(numbersLength + capacity)): SharedInput {
  const numbers = new Int32Array(buffer, 0, 3);
  const bytes = new Uint8Array(buffer, numbersLength);
  return {
    buffer,
    show(target, input) {
      bytes.set(input.subarray(0, capacity));
      Atomics.store(numbers, lengthAt, Math.min(input.length, capacity));
      Atomics.store(numbers, targetAt, target);
      Atomics.add(numbers, casesAt, 1);
    },
    cases: () => Atomics.load(numbers, casesAt),
    target: () => Atomics.load(numbers, targetAt),
    input: () => Buffer.from(bytes.slice(0, Atomics.load(numbers, lengthAt))),
  };
}
