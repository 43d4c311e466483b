/** The plan of a chaos run is made of its seed alone. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { idInHead, idInVerp, planMails } from './chaos-mail.ts';
import { type IncidentKind, planIncidents } from './incident.ts';
import { createRandom } from './random.ts';

const kinds: IncidentKind[] = ['one', 'two', 'three'].map((name, index) => ({
  name,
  weight: index + 1,
  isEarly: name === 'one',
  run: (random) => String(random.fraction()),
}));

const mails = (seed: number) => planMails(200, seed, createRandom(seed), (number) => `d${number}.example.net`);
const plan = (seed: number) => ({
  mails: mails(seed).map(({ addressees, sender, bytes }) => {
    return [addressees, sender, createHash('sha256').update(bytes()).digest('hex')];
  }),
  incidents: planIncidents(200, kinds, createRandom(seed)).map(({ after, kind, random }) => [after, kind.run(random)]),
});

describe('the plan of a chaos run', () => {
  it('is the same for the same seed, and another one for another', () => {
    expect(plan(1)).toEqual(plan(1));
    expect(plan(1)).not.toEqual(plan(2));
  });

  it('has every kind of incident, the early ones in the first half', () => {
    const incidents = planIncidents(200, kinds, createRandom(3));
    expect(new Set(incidents.map(({ kind }) => kind.name))).toEqual(new Set(['one', 'two', 'three']));
    expect(incidents.filter(({ kind, after }) => kind.isEarly && after > 100)).toEqual([]);
  });

  it('has mail for every route, from one kilobyte to 30 MB', () => {
    const planned = mails(1);
    const routes = planned.flatMap(({ addressees }) => addressees.map(({ route }) => route));
    expect(new Set(routes)).toEqual(new Set(['group', 'member', 'verp', 'unknown']));
    expect(planned.map(({ size }) => size).toSorted((a, b) => b - a)[0]).toBe(30_000_000);
    expect(Math.max(...planned.map(({ addressees }) => addressees.length))).toBe(5);
  });

  it('has mail that says which one it is', () => {
    for (const { id, size, addressees, bytes } of mails(1)) {
      const head = Buffer.concat([Buffer.from('Received: here\r\n'), bytes()]);
      expect(idInHead(head)).toEqual({ id, start: 16 });
      expect(bytes().length).toBeLessThanOrEqual(Math.max(size, 200_000));
      const users = addressees.flatMap(({ address }) => /\+(.*)=/.exec(address)?.[1] ?? []);
      expect(users.filter((user) => idInVerp(`${user}@example.com`) !== id)).toEqual([]);
    }
  });
});
