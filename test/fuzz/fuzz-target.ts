/**
 * The loop: writes inputs by the grammar of a target, takes some from its corpus, spoils each in many ways, and checks
 * all. The same seed gives the same inputs. It knows neither processes nor files.
 */
import fc from 'fast-check';
import { createRandom } from '../chaos/random.ts';
import { mutated } from './mutate.ts';
import { smallest } from './smallest.ts';
import type { Target } from './target.ts';

export interface Found {
  readonly target: string;
  /** Made small. */
  readonly input: Buffer;
  readonly error: string;
}

export interface FuzzOptions {
  readonly seed: number;
  /** Asked between cases. */
  readonly isOver: (cases: number) => boolean;
  /** Told of every input before it is checked. */
  readonly watch?: (input: Buffer) => void;
  readonly found: (found: Found) => void;
}

/** Inputs of the grammar for each round. */
const perRound = 40;

/** How often each is spoilt. */
const mutations = 24;

/** Fuzzes a target; resolves to the number of cases. */
export async function fuzzTarget(target: Target, { seed, isOver, watch, found }: FuzzOptions): Promise<number> {
  const random = createRandom(seed);
  const running = new Set<Promise<void>>();
  const known = new Set<string>();
  let cases = 0;

  const report = async (input: Buffer, error: unknown) => {
    const text = textOf(error);
    if (known.has(signature(text))) return;
    known.add(signature(text));
    const fails = async (shorter: Buffer) => signature((await failureOf(target, shorter)) ?? '') === signature(text);
    found({ target: target.name, input: await smallest(input, fails), error: text });
  };
  const run = async (input: Buffer) => {
    cases += 1;
    watch?.(input);
    try {
      const checking = target.check(input);
      if (checking === undefined) return;
      const done = checking.catch((error: unknown) => report(input, error)).finally(() => running.delete(done));
      running.add(done);
      if (running.size >= (target.atOnce ?? 1)) await Promise.race(running);
    } catch (error) {
      await report(input, error);
    }
  };

  const corpus = target.corpus ?? [];
  const pick = <Item>(items: readonly Item[]) => items[random.integer(0, items.length - 1)];
  while (!isOver(cases)) {
    const written = fc.sample(target.grammar, { seed: random.integer(0, 0x7fffffff), numRuns: perRound });
    const bases = [...written, ...Array.from({ length: Math.min(corpus.length, 10) }, () => pick(corpus))];
    for (const base of bases) {
      if (base === undefined || isOver(cases)) continue;
      await run(base);
      let input = base;
      for (let left = mutations; left > 0 && !isOver(cases); left -= 1) {
        const other = pick(bases) ?? base;
        // Most are one step away from the grammar, some wander off.
        input = mutated(random.chance(0.3) ? input : base, { words: target.words, other }, random);
        await run(input);
      }
    }
  }
  await Promise.all(running);
  return cases;
}

/** What a check says of an input; undefined where all holds. */
export async function failureOf(target: Target, input: Buffer): Promise<string | undefined> {
  try {
    await target.check(input);
    return undefined;
  } catch (error) {
    return textOf(error);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ''}` : String(error);
}

/** The same for the same defect, more or less: the first line of the message, without what was found in the input. */
function signature(text: string): string {
  return (text.split('\n', 1)[0] ?? '').replace(/["'`].*$/s, '').replaceAll(/\d+/g, '0');
}
