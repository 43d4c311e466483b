/**
 * `smtp2gs lmtp` as a child process, as a service manager starts it. It is killed by `remove` if a test has not stopped it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from '../postfix/until.ts';
import { configText } from '../scenarios.ts';
import type { Artefact, InstalledCommand } from './installed-command.ts';

export interface LmtpProcess {
  /** For net.connect. */
  readonly where: { host: string; port: number } | { path: string };
  readonly child: ChildProcess;
  /** Path of the configuration file. */
  readonly config: string;
  /** What it has said so far, for people. */
  said(): string;
  /** Ends it by a signal; resolves to the exit status, or the signal. */
  stop(signal?: NodeJS.Signals): Promise<number | string | null>;
}

export interface LmtpOptions {
  readonly args?: readonly string[];
  /** Text of the configuration file. */
  readonly config?: string;
  /** Path of the Unix socket; a free port without it. */
  readonly socket?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts the server and waits until it listens; throws with what it said when it ends instead. */
export async function startLmtp(
  command: InstalledCommand,
  artefact: Artefact,
  url: string,
  { args = [], config: text = configText, socket, environment = {} }: LmtpOptions = {},
): Promise<LmtpProcess> {
  const config = command.newFile(text);
  const [program, ...words] = command.words(artefact);
  const options = [`--listen=${socket ?? '127.0.0.1:0'}`, `--config=${config}`, ...args];
  const child = spawn(program, [...words, 'lmtp', ...options, url], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('latin1').on('data', (piece: string) => (said += piece));
  const ended = once(child, 'close');
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  void ended.then(() => process.removeListener('exit', kill));
  const listening = await until(
    'smtp2gs lmtp listens',
    () => (child.exitCode === null ? / takes LMTP on (\w+:.*)\n/.exec(said)?.[1] : 'ended'),
    () => said,
  ).catch((error: unknown) => {
    kill();
    throw error;
  });
  if (listening === 'ended') throw new Error(said);
  return {
    where: socket === undefined ? { host: '127.0.0.1', port: Number(listening.split(':').at(-1)) } : { path: socket },
    child,
    config,
    said: () => said,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await ended;
      return child.exitCode ?? child.signalCode;
    },
  };
}

/** A path for a Unix socket in a directory of its own. */
export function newSocketPath(command: InstalledCommand): string {
  return join(command.newDirectory(), 'lmtp');
}
