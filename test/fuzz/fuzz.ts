/**
 * `npm run fuzz -- --seconds N --target all|NAME --seed S --workers N`: fuzzes for a time in several threads, prints the
 * cases of each target, keeps inputs that found something in test/fuzz/found, and ends with 1 when there are any. A case
 * that hangs or takes all memory is found as well.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { Found } from './fuzz-target.ts';
import type { WorkerNews, WorkerTask } from './fuzz-worker.ts';
import { type SharedInput, sharedInput } from './shared-input.ts';
import { targets } from './targets.ts';

/** Milliseconds that one case may take; all take less than a hundredth of it. */
const patience = 60_000;

/** MiB of heap for each worker. */
const heapLimit = 1024;

const names = targets.map(({ name }) => name);
const folder = new URL('found/', import.meta.url);
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    target: { type: 'string', default: 'all' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    workers: { type: 'string', default: String(availableParallelism()) },
  },
});
const chosen = values.target === 'all' ? names : values.target.split(',');
const unknown = chosen.filter((name) => !names.includes(name));
if (unknown.length > 0) throw new Error(`There is no target ${unknown.join()}; there are ${names.join(', ')}`);

const begun = performance.now();
const time = Number(values.seconds) * 1000;
const cases = new Map(chosen.map((name) => [name, 0]));
const known = new Set<string>();
console.log(`Fuzzing ${chosen.join(', ')} for ${values.seconds} s by seed ${values.seed}`);

await Promise.all(Array.from({ length: Number(values.workers) }, (_, index) => work(index)));

const total = [...cases.values()].reduce((sum, count) => sum + count, 0);
for (const [name, count] of cases) console.log(`${name.padEnd(14)} ${count.toLocaleString('en').padStart(12)} cases`);
console.log(
  `${'total'.padEnd(14)} ${total.toLocaleString('en').padStart(12)} cases in ${elapsed()} s, ${known.size} found`,
);
process.exitCode = known.size > 0 ? 1 : 0;

/** Keeps one thread at work until the time is over; one that hangs or dies is replaced. */
async function work(index: number): Promise<void> {
  for (let life = 0; performance.now() - begun < time; life += 1) {
    const shared = sharedInput();
    const left = time - (performance.now() - begun);
    const seed = Number(values.seed) + 1000 * index + life;
    const task: WorkerTask = { seed, time: left, targets: chosen, shared: shared.buffer };
    const end = await run(task, shared);
    if (end === 'done') return;
    keep({ target: names[shared.target()] ?? '', input: shared.input(), error: end });
  }
}

/** Runs a thread to its end; resolves to `done`, or to how it failed. */
function run(task: WorkerTask, shared: SharedInput): Promise<string> {
  return new Promise((resolve) => {
    const worker = new Worker(new URL('fuzz-worker.ts', import.meta.url), {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: heapLimit },
    });
    let last = -1;
    const watchdog = setInterval(() => {
      // Before the first case it is still being loaded.
      if (shared.cases() > 0 && shared.cases() === last) {
        resolve('the case hangs');
        void worker.terminate();
      }
      last = shared.cases();
    }, patience);
    worker.on('message', (news: WorkerNews) => {
      if (news.kind === 'cases') cases.set(news.target, (cases.get(news.target) ?? 0) + news.cases);
      else keep(news.found);
    });
    worker.on('error', (error) => resolve(`the thread died: ${String(error)}`));
    worker.on('exit', () => {
      clearInterval(watchdog);
      resolve('done');
    });
  });
}

/** Says what was found, once, and writes the input to a file. */
function keep({ target, input: bytes, error }: Found): void {
  const input = Buffer.from(bytes);
  const name = `${target}-${createHash('sha256').update(input).digest('hex').slice(0, 8)}`;
  if (known.has(name)) return;
  known.add(name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(name, folder), input);
  console.log(
    `FOUND after ${elapsed()} s: test/fuzz/found/${name} ${JSON.stringify(input.toString('latin1').slice(0, 300))}\n${error}\n`,
  );
}

function elapsed(): number {
  return Math.round((performance.now() - begun) / 1000);
}
