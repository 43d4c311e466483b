/**
 * What can be fuzzed: something that reads bytes of strangers, with a grammar that writes inputs which get far into it,
 * and a check that holds for every input. A check that only wants "it does not throw" is too weak: each one compares
 * with a reference or with another way to the same answer.
 */
import type fc from 'fast-check';

export interface Target {
  readonly name: string;
  /** Writes inputs that make sense, more or less. */
  readonly grammar: fc.Arbitrary<Buffer>;
  /** Inputs from files. */
  readonly corpus?: readonly Buffer[];
  /** What mutations put into an input, since chance alone would not find it. */
  readonly words: readonly string[];
  /** Throws when something does not hold for this input. The same input is always checked in the same way. */
  check(input: Buffer): void | Promise<void>;
  /** How many checks may run at once; one, unless it says otherwise. */
  readonly atOnce?: number;
  /** Ends what the checks have started; throws when something does not hold for all of them together. */
  stop?(): Promise<void>;
}
