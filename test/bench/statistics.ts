/**
 * Medians, spread and paired ratios. Rounds are interleaved, so the ratio of two commands is that of their runs in the
 * same round: what disturbs the machine for a while disturbs both.
 */

/** The middle and the two quarters around it. */
export interface Spread {
  readonly median: number;
  readonly q1: number;
  readonly q3: number;
}

/** Gives the quartiles of figures, interpolated; NaN for none. */
export function spreadOf(figures: readonly number[]): Spread {
  const sorted = figures.filter((figure) => !Number.isNaN(figure)).sort((a, b) => a - b);
  const at = (share: number) => {
    const place = share * (sorted.length - 1);
    const below = sorted[Math.floor(place)] ?? Number.NaN;
    const above = sorted[Math.ceil(place)] ?? Number.NaN;
    return below + (above - below) * (place - Math.floor(place));
  };
  return { median: at(0.5), q1: at(0.25), q3: at(0.75) };
}

/** Gives the spread of `figures[i] / base[i]`. */
export function pairedRatio(figures: readonly number[], base: readonly number[]): Spread {
  return spreadOf(figures.map((figure, index) => figure / (base[index] ?? Number.NaN)));
}

/** Mixes a list (Fisher-Yates). */
export function shuffled<T>(list: readonly T[]): T[] {
  const left = [...list];
  const mixed: T[] = [];
  while (left.length > 0) mixed.push(...left.splice(Math.floor(Math.random() * left.length), 1));
  return mixed;
}
