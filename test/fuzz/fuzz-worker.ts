/**
 * A thread that fuzzes: it takes its targets in turn, a slice of time each, until its time is over, and tells what it
 * has found and how many cases it has tried.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { createRandom } from '../chaos/random.ts';
import { type Found, fuzzTarget } from './fuzz-target.ts';
import { sharedInput } from './shared-input.ts';
import { targets } from './targets.ts';

/** What a worker is started with. */
export interface WorkerTask {
  readonly seed: number;
  /** Milliseconds. */
  readonly time: number;
  readonly targets: readonly string[];
  readonly shared: SharedArrayBuffer;
}

/** What a worker tells. */
export type WorkerNews =
  | { readonly kind: 'found'; readonly found: Found }
  | { readonly kind: 'cases'; readonly target: string; readonly cases: number };

/** Milliseconds for one target, before the next has its turn. */
const slice = 2000;

// Errors are the ordinary case here, and long stacks take most of their time.
Error.stackTraceLimit = 4;

const task = taskIn(workerData);
const shared = sharedInput(task.shared);
const tell = (news: WorkerNews) => parentPort?.postMessage(news);
const random = createRandom(task.seed);
const end = performance.now() + task.time;
const chosen = targets.filter(({ name }) => task.targets.includes(name));
const found = (each: Found) => tell({ kind: 'found', found: each });

while (performance.now() < end) {
  for (const target of chosen) {
    const sliceEnd = Math.min(performance.now() + slice, end);
    const cases = await fuzzTarget(target, {
      seed: random.integer(0, 0x7fffffff),
      isOver: () => performance.now() > sliceEnd,
      watch: (input) => shared.show(targets.indexOf(target), input),
      found,
    });
    tell({ kind: 'cases', target: target.name, cases });
  }
}
for (const target of chosen) {
  try {
    await target.stop?.();
  } catch (error) {
    found({ target: target.name, input: Buffer.alloc(0), error: `at the end: ${String(error)}` });
  }
}

function taskIn(data: unknown): WorkerTask {
  const field = (name: string): unknown =>
    typeof data === 'object' && data !== null ? Reflect.get(data, name) : undefined;
  const [names, memory] = [field('targets'), field('shared')];
  if (!Array.isArray(names) || !(memory instanceof SharedArrayBuffer)) throw new TypeError('a worker needs its task');
  return { seed: Number(field('seed')), time: Number(field('time')), targets: names.map(String), shared: memory };
}
