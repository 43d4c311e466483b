/** A short run of the fuzzer with a fixed seed, what it has found so far, and the proof that it finds a defect. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type Found, failureOf, fuzzTarget } from './fuzz-target.ts';
import type { Target } from './target.ts';
import { targets } from './targets.ts';

const seed = 20_261_122;

/** Cases of the short run; some targets are slow. */
const count: Readonly<Record<string, number>> = { lmtp: 200 };
const usual = 2000;

async function foundIn(target: Target, cases: number): Promise<Found[]> {
  const all: Found[] = [];
  await fuzzTarget(target, { seed, isOver: (done) => done >= cases, found: (found) => all.push(found) });
  return all;
}

describe.each(targets)('whatever the $name is given', (target) => {
  afterAll(async () => await target.stop?.());

  it('all that must hold does', async () => {
    expect(await foundIn(target, count[target.name] ?? usual)).toEqual([]);
  });
});

describe('what was found once', () => {
  const folder = new URL('fixtures/', import.meta.url);

  it('is found no more', async () => {
    for (const name of readdirSync(folder).filter((each) => each !== 'README.md')) {
      const target = targets.find((each) => name.startsWith(`${each.name}.`));
      if (!target) throw new Error(`no target has an input ${name}`);
      expect([name, await failureOf(target, readFileSync(new URL(name, folder)))]).toEqual([name, undefined]);
      await target.stop?.();
    }
  });
});

describe('the fuzzer', () => {
  const planted = (check: Target['check']): Target => ({
    name: 'planted',
    grammar: fc.constantFrom('[a]', 'key = value', '').map((text) => Buffer.from(text)),
    words: ['[DEFAULT]', '%%'],
    check,
  });

  it('finds a defect that takes two words and an odd byte, and makes its input small', async () => {
    const target = planted((input) => {
      const text = input.toString('latin1');
      if (/\[DEFAULT\].*%%.*\0/s.test(text)) throw new Error('planted');
    });
    const found = await foundIn(target, 20_000);
    expect(found.map(({ input, error }) => [input.toString('latin1'), error.split('\n', 1)[0]])).toEqual([
      ['[DEFAULT]%%\0', 'Error: planted'],
    ]);
  });

  it('finds what goes wrong later, and tells one defect once', async () => {
    const target = planted(async (input) => {
      await Promise.resolve();
      if (input.includes('%')) throw new Error(`planted ${input.length}: "${input.toString('latin1')}"`);
    });
    expect(await foundIn(target, 2000)).toMatchObject([{ input: Buffer.from('%') }]);
  });

  it('does the same for the same seed', async () => {
    const inputs = async () => {
      const seen: string[] = [];
      await foundIn(
        planted((input) => void seen.push(input.toString('latin1'))),
        500,
      );
      return seen;
    };
    const first = await inputs();
    expect(await inputs()).toEqual(first);
    expect(new Set(first).size).toBeGreaterThan(200);
  });
});
