/**
 * One execution environment of the function: the built bundle in a process of its own, fed through the Runtime API.
 * As in Lambda it handles one event at a time, and is killed when its time or memory is over. What it prints is
 * handed on line by line.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { lambdaEnvironment } from './lambda-environment.ts';
import { type Outcome, startRuntimeApi } from './runtime-api.ts';

/** How one event ended, and what it took. */
export interface Invocation extends Outcome {
  requestId: string;
  durationMs: number;
  /** The most memory that the process has ever held, in MiB. */
  maxMemoryMiB: number;
}

export interface LambdaProcess {
  readonly pid: number;
  /** From the start of the process to its first request for an event. */
  readonly initMs: number;
  /** False once the process has ended, for whatever reason. */
  alive(): boolean;
  /** Hands over one event; the next one only after this one has ended. Does not reject. */
  invoke(event: unknown): Promise<Invocation>;
  /** Ends the process at once, as a crash of its host would. */
  kill(): void;
  stop(): Promise<void>;
}

export interface LambdaOptions {
  /** The folder of the bundle. */
  taskRoot: string;
  /** `file.export`, the file without `.mjs`. */
  handler: string;
  functionName: string;
  environment: Record<string, string>;
  memoryMiB: number;
  timeoutSeconds: number;
  /** The file of the stack's clock, when the function shall follow it. */
  clockFile?: string;
  /** The stack's time, in which deadlines are told. */
  now: () => number;
  /** The runtime client to start in place of our own. */
  command?: string[];
  onLine: (line: string) => void;
}

/** Starts the process; rejects when the bundle cannot be loaded. */
export async function startLambdaProcess(options: LambdaOptions): Promise<LambdaProcess> {
  const begun = performance.now();
  const api = await startRuntimeApi(options.functionName);
  const heap = `--max-old-space-size=${Math.floor(options.memoryMiB * 0.9)}`;
  const own = [process.execPath, heap, fileURLToPath(new URL('runtime-client.mjs', import.meta.url))];
  const [file = '', ...args] = options.command ?? own;
  // The open stdin is how the process hears that the stack has gone, even when it was killed.
  const child = spawn(file, args, {
    cwd: options.taskRoot,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: lambdaEnvironment(options, api.address),
  });
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', options.onLine);
  const exited = once(child, 'exit');
  let killedFor: Outcome['functionError'];
  const mourn = () => {
    const how = child.signalCode ?? `exit status ${child.exitCode}`;
    api.died(killedFor ?? { errorType: 'Runtime.ExitError', errorMessage: `Runtime exited: ${how}` });
  };
  child.once('exit', mourn);

  const alive = () => child.exitCode === null && child.signalCode === null;
  const kill = () => void child.kill('SIGKILL');
  const killFor = (errorType: string, errorMessage: string) => {
    killedFor = { errorType, errorMessage };
    kill();
  };
  const stop = async () => {
    if (alive()) {
      kill();
      await exited;
    }
    await api.stop();
  };
  const memory = (field: string) => memoryOf(child.pid, field);

  const invoke = async (event: unknown): Promise<Invocation> => {
    const { timeoutSeconds, memoryMiB } = options;
    const start = performance.now();
    const { requestId, outcome } = api.give(event, options.now() + timeoutSeconds * 1000);
    if (!alive()) mourn();
    const timeOut = () => killFor('Sandbox.Timedout', `Task timed out after ${timeoutSeconds}.00 seconds`);
    const timer = setTimeout(timeOut, timeoutSeconds * 1000);
    let maxMemoryMiB = 0;
    const watch = setInterval(() => {
      maxMemoryMiB = memory('VmHWM');
      if (memory('VmRSS') > memoryMiB) killFor('Runtime.OutOfMemory', `The process held more than ${memoryMiB} MiB`);
    }, 100);
    const ended = await outcome;
    clearTimeout(timer);
    clearInterval(watch);
    maxMemoryMiB = Math.max(maxMemoryMiB, memory('VmHWM'));
    return { requestId, durationMs: performance.now() - start, maxMemoryMiB, ...ended };
  };

  try {
    await api.ready;
  } catch (error) {
    await stop();
    throw error;
  }
  return { pid: child.pid ?? 0, initMs: performance.now() - begun, alive, invoke, kill, stop };
}

/** A figure of Linux's process status, in MiB; 0 where there is none. */
function memoryOf(pid: number | undefined, field: string): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
