/**
 * A place on this machine for a private mail system: processes with their own process numbers, and folders in memory
 * that nobody else sees. It shares only the network. When it is stopped, or the test runner dies (even by SIGKILL), the
 * kernel ends every process in it and the folders are gone. Needs root and util-linux (unshare, nsenter, setpriv).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface PrivatePlace {
  /** Where the test finds a file that processes in the place know as `inside` (an absolute path). */
  readonly path: (inside: string) => string;
  readonly write: (inside: string, content: string | Buffer, mode?: number) => void;
  /** Runs a command in the place to its end. */
  readonly run: (command: readonly string[], input?: Buffer) => Promise<Ended>;
  /** Runs a command in the place; throws with its output unless it succeeds. Resolves to its standard output. */
  readonly must: (command: readonly string[], input?: Buffer) => Promise<string>;
  /** Starts a server in the place; it ends with the place. */
  readonly start: (command: readonly string[]) => void;
  readonly stop: () => Promise<void>;
}

export interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Makes the place. `mounts` shows a file or folder of this machine (value) under another name below /srv (key: the name
 * there) to everybody in the place, whoever may read its parents. `varTmpSize` makes a small disk, e.g. `2m`.
 */
export async function makePrivatePlace(mounts: Record<string, string>, varTmpSize = '50%'): Promise<PrivatePlace> {
  // Without setpriv a SIGKILLed runner would leave unshare behind; unshare in turn kills the place.
  const isolated = ['--pdeathsig', 'KILL', 'unshare', '--mount', '--pid', '--fork', '--kill-child'];
  const script = new URL('private-place.sh', import.meta.url).pathname;
  const wrapper = spawn('setpriv', [...isolated, 'sh', script, varTmpSize, ...Object.entries(mounts).flat()], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => wrapper.once('exit', () => resolve()));
  const first = await firstProcess(wrapper);
  const outside = (inside: string) => join('/proc', first, 'root', inside);
  const enter = (command: readonly string[]) => ['-t', first, '--mount', '--pid', '--wd=/srv', '--', ...command];

  const run = (command: readonly string[], input: Buffer = Buffer.alloc(0)) =>
    new Promise<Ended>((resolve, reject) => {
      const child = spawn('nsenter', enter(command), { stdio: 'pipe' });
      const output = { stdout: '', stderr: '' };
      child.stdout.on('data', (piece: Buffer) => (output.stdout += piece.toString('latin1')));
      child.stderr.on('data', (piece: Buffer) => (output.stderr += piece.toString('latin1')));
      child.stdin.on('error', () => {}); // a command need not read its input; its status tells
      child.on('error', reject).on('close', (status) => resolve({ status, ...output }));
      child.stdin.end(input);
    });

  return {
    path: outside,
    write(inside, content, mode = 0o644) {
      mkdirSync(dirname(outside(inside)), { recursive: true });
      writeFileSync(outside(inside), content, { mode });
    },
    run,
    async must(command, input) {
      const { status, stdout, stderr } = await run(command, input);
      if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${stderr}${stdout}`);
      return stdout;
    },
    start: (command) => void spawn('nsenter', enter(command), { stdio: 'ignore' }),
    async stop() {
      wrapper.kill('SIGKILL');
      await ended;
    },
  };
}

/** The number of the first process of the place, which it writes when everything is mounted. */
function firstProcess(wrapper: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    wrapper.stderr?.on('data', (piece: Buffer) => (said += piece.toString()));
    wrapper.stdout?.once('data', (piece: Buffer) => resolve(piece.toString().trim()));
    wrapper.once('exit', () => reject(new Error(`No private place: ${said}`)));
    wrapper.once('error', reject);
  });
}
