/**
 * The function as its callers see it: as many execution environments as there are events at the same time, each used
 * again and again, and replaced when it has crashed, timed out or been killed.
 */
import { type Invocation, type LambdaOptions, type LambdaProcess, startLambdaProcess } from './lambda-process.ts';

/** An invocation that has ended, as a REPORT line in Lambda's log tells it. */
export interface Report extends Omit<Invocation, 'payload'> {
  /** When it ended, on the stack's clock. */
  at: number;
  /** How long the environment took to start, when this was its first event. */
  initMs?: number;
}

export interface LambdaFunction {
  /** Calls the function; errors are in the answer, it does not reject. */
  invoke(event: unknown): Promise<Invocation>;
  /** The latest invocations, oldest first. */
  reports(): readonly Report[];
  /** Environments, and whether they are at work. */
  environments(): { pid: number; busy: boolean }[];
  /** Kills every environment at once, whatever it is doing. */
  kill(): void;
  stop(): Promise<void>;
}

const reportsKept = 1000;

/** The function without any environment yet: each is started when an event needs it. */
export function createLambdaFunction(options: LambdaOptions): LambdaFunction {
  const processes = new Map<LambdaProcess, { busy: boolean; fresh: boolean }>();
  const starting = new Set<Promise<LambdaProcess>>();
  const reports: Report[] = [];
  let stopped = false;

  async function environment(): Promise<LambdaProcess> {
    for (const [process, state] of processes) {
      if (!process.alive()) {
        processes.delete(process);
        await process.stop();
      } else if (!state.busy) {
        state.busy = true;
        return process;
      }
    }
    const start = startLambdaProcess(options);
    starting.add(start);
    try {
      const process = await start;
      processes.set(process, { busy: true, fresh: true });
      return process;
    } finally {
      starting.delete(start);
    }
  }

  function record(report: Report): void {
    reports.push(report);
    if (reports.length > reportsKept) reports.shift();
    // As in Lambda's own log, so that a crash is seen where everything else is.
    const { requestId, functionError } = report;
    if (functionError)
      options.onLine(JSON.stringify({ level: 'ERROR', message: 'the function failed', requestId, ...functionError }));
  }

  const invoke = async (event: unknown): Promise<Invocation> => {
    let process: LambdaProcess;
    try {
      if (stopped) throw new Error('the stack is stopping');
      process = await environment();
    } catch (error) {
      const functionError = { errorType: 'Runtime.InitError', errorMessage: String(error) };
      const failed = { requestId: '', durationMs: 0, maxMemoryMiB: 0, functionError };
      record({ ...failed, at: options.now() });
      return failed;
    }
    const state = processes.get(process);
    const outcome = await process.invoke(event);
    const { payload: _, ...told } = outcome;
    record({ ...told, at: options.now(), ...(state?.fresh && { initMs: process.initMs }) });
    if (state) Object.assign(state, { busy: false, fresh: false });
    return outcome;
  };

  return {
    invoke,
    reports: () => reports,
    environments: () => [...processes].map(([{ pid }, { busy }]) => ({ pid, busy })),
    kill: () => {
      for (const process of processes.keys()) process.kill();
    },
    stop: async () => {
      stopped = true;
      await Promise.allSettled(starting);
      await Promise.all([...processes.keys()].map((process) => process.stop()));
      processes.clear();
    },
  };
}
