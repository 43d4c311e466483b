/**
 * Runs an operator script: reads its command line, finds the stack, does the work, prints the result or one line of what
 * went wrong, and sets the exit status (0 done, 1 failed or refused, 2 wrong command line, 130 stopped by Ctrl-C).
 */
import { type CommandLine, type Grammar, helpText, readCommandLine } from './command-line.ts';
import { explain } from './explain.ts';
import { UsageError } from './failure.ts';
import { createOutput, type Output } from './output.ts';
import { readSamConfig } from './samconfig.ts';
import { findStack, type Stack } from './stack.ts';

/** What a script works with. */
export interface Context {
  readonly stack: Stack;
  readonly line: CommandLine;
  /** `--yes` was given. */
  readonly isMeant: boolean;
  readonly out: Output;
  /** Aborts on Ctrl-C: begin nothing new, and put back what was taken. */
  readonly signal: AbortSignal;
}

/** How a script ended; `result` is what `--json` prints. */
export interface Outcome {
  readonly isWell: boolean;
  readonly result: object;
}

export interface Command extends Grammar {
  /** Throws a UsageError for what the table of options cannot tell; before AWS is asked anything. */
  check?(line: CommandLine): void;
  run(context: Context): Promise<Outcome>;
}

/** Runs a script with the words of this process, and sets its exit status. */
export async function runCommand(command: Command): Promise<void> {
  const words = process.argv.slice(2);
  const out = createOutput({ json: words.includes('--json') });
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop(stopped));
  process.exitCode = await exitStatus(command, words, out, stopped.signal);
}

/** Milliseconds. npm hands on a Ctrl-C that the terminal has sent as well; a later one is meant. */
const echo = 1000;

let stoppedAt: number | undefined;

function stop(stopped: AbortController): void {
  stoppedAt ??= performance.now();
  if (performance.now() - stoppedAt > echo) process.exit(130);
  stopped.abort();
}

async function exitStatus(
  command: Command,
  words: readonly string[],
  out: Output,
  signal: AbortSignal,
): Promise<number> {
  let region: string | undefined;
  try {
    const line = readCommandLine(command, words);
    if (line.has('help')) {
      process.stdout.write(helpText(command));
      return 0;
    }
    command.check?.(line);
    const deployed = readSamConfig();
    const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
    region = line.value('region') ?? (AWS_REGION || AWS_DEFAULT_REGION || deployed.region);
    const stack = await findStack(line.value('stack') ?? deployed.stack ?? 'smtp2gs', region);
    region = stack.region;
    const isMeant = !command.isChange || line.has('yes');
    const { isWell, result } = await command.run({ stack, line, isMeant, out, signal });
    out.json({
      command: command.name,
      stack: stack.name,
      region,
      ...(command.isChange && { dryRun: !isMeant }),
      ...result,
    });
    if (signal.aborted) out.error('Stopped.');
    return signal.aborted ? 130 : isWell ? 0 : 1;
  } catch (error) {
    const isUsage = error instanceof UsageError;
    const text = explain(error, region);
    out.json({ command: command.name, error: text });
    out.error(isUsage ? `${text}; see npm run ${command.name} -- --help` : text);
    return isUsage ? 2 : 1;
  }
}
