/**
 * Spoils inputs as a careless or hostile peer might: bytes changed, cut, repeated, moved, put in from elsewhere. All that
 * is drawn comes from the random numbers it is given.
 */
import type { Random } from '../chaos/random.ts';

/** Bytes. What does not depend on the length of an input by then never will. */
export const longestInput = 4 * 1024;

/** Line ends, what separates, what quotes, what ends a text in C, and the edges of ASCII and Latin-1. */
const oddBytes = Buffer.from('\r\n\0\t :;,.<>@"\'=?+-/\\&%[]{}()!#*_|~\x7f\x80\x85\xa0\xc3\xff', 'latin1');

type Edit = (input: Buffer, at: number, material: Material, random: Random) => Buffer;

export interface Material {
  readonly words: readonly string[];
  /** Another input, of which a part may be put in. */
  readonly other: Buffer;
}

const joined = (input: Buffer, at: number, cut: number, put: Buffer) =>
  Buffer.concat([input.subarray(0, at), put, input.subarray(at + cut)]);
const lengthUpTo = (most: number, random: Random) => 1 + Math.floor(random.fraction() ** 3 * most);
const oddByte = (random: Random) => oddBytes[random.integer(0, oddBytes.length - 1)] ?? 0;
const partOf = (bytes: Buffer, random: Random) => {
  const from = random.integer(0, bytes.length);
  return bytes.subarray(from, from + lengthUpTo(200, random));
};
const wordOf = ({ words }: Material, random: Random) =>
  Buffer.from(words[random.integer(0, words.length - 1)] ?? '', 'utf8');

/** Changes one to four lines from a place on. */
function withLines(input: Buffer, at: number, random: Random, change: (lines: string[]) => string[]): Buffer {
  const start = input.lastIndexOf('\n', at) + 1;
  const lines = input.toString('latin1', start).split(/(?<=\n)/);
  const chosen = lines.splice(0, random.integer(1, 4));
  return Buffer.concat([input.subarray(0, start), Buffer.from([...change(chosen), ...lines].join(''), 'latin1')]);
}

const edits: readonly Edit[] = [
  (input, at, _material, random) => joined(input, at, 1, Buffer.of(oddByte(random))),
  (input, at, _material, random) => joined(input, at, 1, Buffer.of(random.integer(0, 255))),
  (input, at, _material, random) => joined(input, at, 0, Buffer.of(oddByte(random))),
  (input, at, _material, random) => joined(input, at, lengthUpTo(64, random), Buffer.alloc(0)),
  (input, at, _material, random) => joined(input, at, 0, partOf(input, random)),
  (input, at, { other }, random) => joined(input, at, 0, partOf(other, random)),
  (input, at, { other }, random) => joined(input, at, lengthUpTo(64, random), partOf(other, random)),
  (input, at, material, random) => joined(input, at, 0, wordOf(material, random)),
  (input, at, material, random) => joined(input, at, 0, wordOf(material, random)),
  (input, at, material, random) => joined(input, at, lengthUpTo(16, random), wordOf(material, random)),
  (input, at, _material, random) => joined(input, at, 0, Buffer.alloc(lengthUpTo(600, random), oddByte(random))),
  (input, at) => input.subarray(0, at),
  (input, at, _material, random) => withLines(input, at, random, (lines) => lines.map((line) => ` ${line}`)),
  (input, at, _material, random) => withLines(input, at, random, () => []),
  (input, at, _material, random) => withLines(input, at, random, (lines) => [...lines, ...lines]),
  (input, at) => Buffer.concat([input.subarray(at), input.subarray(0, at)]),
  (input, at) => {
    const byte = input[at] ?? 0;
    return joined(input, at, 1, Buffer.of(/[a-z]/i.test(String.fromCharCode(byte)) ? byte ^ 0x20 : byte ^ 0x80));
  },
];

/** Gives an input with one to five edits; the one it is given stays as it is. */
export function mutated(input: Buffer, material: Material, random: Random): Buffer {
  let result = input;
  for (let left = lengthUpTo(5, random); left > 0; left -= 1) {
    const edit = edits[random.integer(0, edits.length - 1)];
    if (edit) result = edit(result, random.integer(0, result.length), material, random);
  }
  return result.length > longestInput ? result.subarray(0, longestInput) : result;
}
