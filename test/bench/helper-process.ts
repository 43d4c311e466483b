/**
 * Starts a helper of the benchmark in a process of its own, so that its work is not done in the process that measures:
 * a script of this folder that prints one line of JSON when it is ready and ends when its stdin does.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface HelperProcess {
  /** A number of the line that it printed. */
  figure(name: string): number;
  stop(): Promise<void>;
}

/** Starts `name` with words; rejects when it ends before it is ready. */
export async function startHelper(name: string, words: readonly string[]): Promise<HelperProcess> {
  const script = new URL(name, import.meta.url).pathname;
  const child = spawn(process.execPath, [script, ...words], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: '/usr/bin:/bin' },
  });
  const line = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  if (line.done) throw new Error(`${name} could not be started`);
  const told: unknown = JSON.parse(line.value);
  return {
    figure: (key) => Number(typeof told === 'object' && told !== null ? Reflect.get(told, key) : undefined),
    async stop() {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
