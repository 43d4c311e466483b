/**
 * Makes an input that found something small: takes parts away as long as it still finds something. It tries a bounded
 * number of times, so the result is small, and not always the smallest.
 */

const mostTries = 2000;

/** Gives the small input; `fails` tells whether an input still finds something. */
export async function smallest(input: Buffer, fails: (input: Buffer) => Promise<boolean>): Promise<Buffer> {
  let best = input;
  let tries = 0;
  for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length && tries < mostTries; tries += 1) {
      const shorter = Buffer.concat([best.subarray(0, at), best.subarray(at + size)]);
      if (await fails(shorter)) best = shorter;
      else at += size;
    }
  }
  return best;
}
