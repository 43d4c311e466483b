/**
 * Runs commands by runner.py, in an emptied environment, and gives what each took: wall and processor time, peak memory,
 * exit status. Rejects when there is no Python 3, which Node cannot replace here: it has no wait4(2).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** What is run; `stdin` is a file that is given through a pipe. */
export interface Command {
  readonly argv: readonly string[];
  readonly stdin?: string;
}

/** Times are in milliseconds, memory in MB of 2^20 bytes. */
export interface Run {
  readonly wall: number;
  readonly cpu: number;
  readonly rss: number;
  readonly exit: number;
  /** Nothing else wanted a processor when it was started. */
  readonly calm: boolean;
}

export interface Batch {
  readonly wall: number;
  /** Of all together. */
  readonly cpu: number;
  /** Of the largest. */
  readonly rss: number;
  readonly failed: number;
  readonly walls: readonly number[];
  readonly calm: boolean;
}

export interface Runner {
  one(command: Command): Promise<Run>;
  /** Runs a command `count` times, `atOnce` at a time. */
  many(command: Command, count: number, atOnce: number): Promise<Batch>;
  /** What the last command that failed said first. */
  lastWords(): string;
  stop(): Promise<void>;
}

/**
 * What pipe(8) gives its commands. Variables such as NODE_EXTRA_CA_CERTS or PYTHONDONTWRITEBYTECODE, which build images
 * set, would double the time of a process.
 */
const environment = { PATH: '/usr/bin:/bin', LANG: 'C' };

/** Starts a runner; `patience` is how many seconds it waits for a quiet moment before each command. */
export async function startRunner(python: string, folder: string, patience: number): Promise<Runner> {
  const script = new URL('runner.py', import.meta.url).pathname;
  const stderr = join(folder, 'stderr');
  const child = spawn(python, ['-I', '-S', script], { stdio: ['pipe', 'pipe', 'inherit'], env: environment });
  await once(child, 'spawn');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (wish: object): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify({ ...wish, env: environment, stderr, patience })}\n`);
    const line = await lines.next();
    if (line.done) throw new Error('runner.py has ended');
    return JSON.parse(line.value);
  };
  return {
    async one({ argv, stdin }) {
      const told = await ask({ argv, stdin: stdin ?? null });
      const figure = (name: string) => Number(part(told, name));
      return {
        wall: figure('wall'),
        cpu: figure('cpu'),
        rss: figure('rss'),
        exit: figure('exit'),
        calm: part(told, 'calm') === true,
      };
    },
    async many({ argv, stdin }, count, atOnce) {
      const told = await ask({ argv, stdin: stdin ?? null, count, atOnce });
      const figure = (name: string) => Number(part(told, name));
      const walls = part(told, 'walls');
      return {
        wall: figure('wall'),
        cpu: figure('cpu'),
        rss: figure('rss'),
        failed: figure('failed'),
        walls: Array.isArray(walls) ? walls.map(Number) : [],
        calm: part(told, 'calm') === true,
      };
    },
    lastWords: () => readFileSync(stderr, 'utf8').split('\n')[0] ?? '',
    async stop() {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

function part(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
