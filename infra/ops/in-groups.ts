/** Does something for many things, some at once, in their order; ends early at the signal. */

/** Things that are done at once. */
const width = 10;

/** Gives the results as far as it came; `done` is told how many there are after each group. */
export async function inGroups<Thing, Result>(
  things: readonly Thing[],
  signal: AbortSignal,
  each: (thing: Thing) => Promise<Result>,
  done: (count: number) => void = () => undefined,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < things.length && !signal.aborted; start += width) {
    results.push(...(await Promise.all(things.slice(start, start + width).map(each))));
    done(results.length);
  }
  return results;
}
