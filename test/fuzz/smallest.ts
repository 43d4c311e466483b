/**
 * Makes an input that found something small: takes parts away as long as it still finds something. It tries for a
 * bounded time, so the result is small, and not always the smallest.
 */

/** Milliseconds. */
const mostTime = 15_000;

/** Gives the small input; `fails` tells whether an input still finds something. */
export async function smallest(input: Buffer, fails: (input: Buffer) => Promise<boolean>): Promise<Buffer> {
  let best = input;
  const end = performance.now() + mostTime;
  for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length && performance.now() < end; ) {
      const shorter = Buffer.concat([best.subarray(0, at), best.subarray(at + size)]);
      if (await fails(shorter)) best = shorter;
      else at += size;
    }
  }
  return best;
}
