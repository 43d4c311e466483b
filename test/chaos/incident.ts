/**
 * The schedule of a chaos run: after which mail which incident begins. It is made of the seed alone, so that a run can be
 * repeated; how far the mail on its way has come by then is up to the machine.
 */
import type { Random } from './random.ts';

export interface IncidentKind {
  readonly name: string;
  readonly weight: number;
  /** Only in the first half, so that processes live long enough afterwards to be watched. */
  readonly isEarly?: boolean;
  /** Does it, to its end: what was taken away is back afterwards. Gives a finer name where there is one. */
  readonly run: (random: Random) => Promise<string | undefined> | string | undefined;
}

export interface Incident {
  /** How many mails have been sent before. */
  readonly after: number;
  readonly kind: IncidentKind;
  readonly random: Random;
}

/** Plans the incidents for so many mails: each kind once at least, and as many again by weight. */
export function planIncidents(mails: number, kinds: readonly IncidentKind[], random: Random): Incident[] {
  const count = Math.max(Math.round(mails / 5), 2 * kinds.length);
  const [first, ...rest] = kinds;
  if (!first) return [];
  const weights = [first, ...rest].map((kind) => [kind, kind.weight] as const);
  const [head = [first, 1], ...tail] = weights;
  const drawn = Array.from({ length: Math.max(0, count - kinds.length) }, () => random.weighted([head, ...tail]));
  return [...kinds, ...drawn]
    .map((kind, number) => ({
      after: random.integer(0, kind.isEarly ? Math.floor(mails / 2) : mails - 1),
      kind,
      random: random.fork(`${kind.name} ${number}`),
    }))
    .toSorted((a, b) => a.after - b.after);
}
