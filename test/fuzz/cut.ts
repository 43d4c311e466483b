/** Cuts an input into pieces, in a way that depends on the input alone, so that a case can be repeated from its bytes. */
import { createRandom, type Random } from '../chaos/random.ts';

/** Random numbers of an input. */
export function randomOf(input: Uint8Array): Random {
  let hash = input.length;
  for (let at = 0; at < input.length; at += 1) hash = Math.imul(hash ^ (input[at] ?? 0), 0x01000193);
  return createRandom(hash);
}

/** Cuts at a few places; empty pieces are possible. Now and then it cuts a short one into single bytes. */
export function cut(input: Buffer, random: Random): Buffer[] {
  if (input.length < 200 && random.chance(0.05)) return Array.from(input, (_, at) => input.subarray(at, at + 1));
  const places = Array.from({ length: random.integer(1, 6) }, () => random.integer(0, input.length));
  places.sort((a, b) => a - b);
  return [0, ...places].map((from, index) => input.subarray(from, places[index] ?? input.length));
}
