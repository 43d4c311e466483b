/**
 * Random numbers that are the same for the same seed (mulberry32): what a run does can be repeated. Not for secrets.
 */

export interface Random {
  /** From 0 up to 1. */
  fraction(): number;
  /** A whole number, both ends included. */
  integer(least: number, most: number): number;
  chance(probability: number): boolean;
  pick<Item>(items: readonly [Item, ...Item[]]): Item;
  /** An item by its weight. */
  weighted<Item>(items: readonly [readonly [Item, number], ...(readonly [Item, number])[]]): Item;
  /** Random numbers of their own, so that what one part draws does not change what another one does. */
  fork(name: string): Random;
}

/** Makes the random numbers of a seed, a whole number. */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  const fraction = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (least: number, most: number) => least + Math.floor(fraction() * (most - least + 1));
  return {
    fraction,
    integer,
    chance: (probability) => fraction() < probability,
    pick: (items) => items[integer(0, items.length - 1)] ?? items[0],
    weighted(items) {
      let left = fraction() * items.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [item, weight] of items) {
        left -= weight;
        if (left < 0) return item;
      }
      return items[0][0];
    },
    fork(name) {
      let hash = seed | 0;
      for (const character of name) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
      return createRandom(hash);
    },
  };
}
