/**
 * One local stack for one test, with the built Lambda: stopped when the test is over, with what tests ask of it.
 */
import { afterEach, expect } from 'vitest';
import { type Stack, type StackOptions, startStack } from '../../infra/local/stack.ts';

export const minute = 60_000;
export const hour = 60 * minute;
export const groups = ['example_group', 'second_group', 'third_group'].map((id) => `${id}@groups.example.com`);
export const [example = '', second = '', third = ''] = groups;

let running: Stack | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

/** Starts a stack that ends with the test. */
export async function start(options: StackOptions = {}): Promise<Stack> {
  running = await startStack(options);
  return running;
}

export const mail = (to: string | string[], more: object = {}) => ({
  from: 'ada@example.com',
  to,
  subject: 'Tea',
  text: 'Is there any tea?',
  ...more,
});

/** The groups of the posts of all sites, sorted. */
export const posted = ({ sites }: Stack): string[] =>
  sites.flatMap(({ server }) => server.posts.map(({ groupId }) => groupId)).sort();

/** How often a metric was counted; what is counted by code as well counts once. */
export const counted = ({ log }: Stack, name: string): number =>
  log
    .metrics()
    .filter((metric) => metric.name === name && !('code' in metric.dimensions))
    .reduce((sum, { value }) => sum + value, 0);

/** Turns the clock to the next time at which a waiting mail may be tried, and lets it be tried. */
export async function tryAgain(stack: Stack): Promise<void> {
  const next = Math.min(...stack.queued().map(({ nextAt }) => nextAt));
  expect(next).toBeLessThan(Number.POSITIVE_INFINITY);
  stack.turnClock(Math.max(0, next - stack.clock.now()) + 1);
  await stack.settled();
}

/** Expects that no mail is anywhere but where it ended: not queued, not parked, not in quarantine. */
export function expectNothingLeft(stack: Stack): void {
  expect({ queued: stack.queued(), parked: stack.parked(), quarantined: stack.quarantined() }).toEqual({
    queued: [],
    parked: [],
    quarantined: [],
  });
}

/** Waits until something is so. */
export async function until(condition: () => boolean, patience = 20_000): Promise<void> {
  const end = performance.now() + patience;
  while (!condition()) {
    if (performance.now() > end) throw new Error('it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
