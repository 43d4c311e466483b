/**
 * The built command, installed where an unprivileged user can run it: copies of both artefacts, and of the Node that
 * runs the CommonJS one. `npm run build` has to come first. It runs them as a mail system does: with the environment of
 * pipe(8), in a directory that is not ours, the mail on a pipe.
 */
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** User and group id of `nobody` on Debian. */
const nobody = 65534;

const dist = new URL('../../dist/', import.meta.url).pathname;

export const artefacts = ['smtp2gs', 'smtp2gs.cjs'] as const;
export type Artefact = (typeof artefacts)[number];

export interface RunOptions {
  readonly args?: readonly string[];
  /** Written to the standard input, which is then closed; `undefined` leaves it open. */
  readonly input?: Buffer | string | undefined;
  readonly asNobody?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  readonly onStart?: (child: ReturnType<typeof spawn>) => void;
}

export interface RunResult {
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface InstalledCommand {
  readonly directory: string;
  /** A new directory that belongs to the user who runs the command. */
  newDirectory(asNobody?: boolean): string;
  /** Writes a file that the user who runs the command can read, and nobody else. */
  newFile(text: string, asNobody?: boolean): string;
  /** The words that start an artefact. */
  words(artefact: Artefact): readonly [string, ...string[]];
  run(artefact: Artefact, options?: RunOptions): Promise<RunResult>;
  /** Runs any other program the same way. */
  runWords(words: readonly [string, ...string[]], options?: RunOptions): Promise<RunResult>;
  remove(): void;
}

/** Whether this process may run the command as somebody else. */
export const canChangeUser = process.getuid?.() === 0;

/** Copies the built command to a temporary folder. */
export function installCommand(): InstalledCommand {
  if (!existsSync(join(dist, 'smtp2gs'))) throw new Error('dist/smtp2gs is not there: run "npm run build" first');
  const directory = mkdtempSync(join(tmpdir(), 'smtp2gs-installed-'));
  chmodSync(directory, 0o755);
  const node = join(directory, 'node');
  copyFileSync(process.execPath, node);
  for (const name of [...artefacts, 'smtp2gs-tools.cjs']) {
    if (existsSync(join(dist, name))) copyFileSync(join(dist, name), join(directory, name));
  }
  let count = 0;
  const own = (path: string, asNobody: boolean) => {
    if (asNobody && canChangeUser) chownSync(path, nobody, nobody);
    return path;
  };
  const words = (artefact: Artefact): readonly [string, ...string[]] =>
    artefact === 'smtp2gs' ? [join(directory, artefact)] : [node, join(directory, artefact)];
  return {
    directory,
    words,
    newDirectory(asNobody = false) {
      const path = join(directory, `d${++count}`);
      mkdirSync(path, { mode: 0o700 });
      return own(path, asNobody);
    },
    newFile(text, asNobody = false) {
      const path = join(directory, `f${++count}`);
      writeFileSync(path, text, { mode: 0o600 });
      return own(path, asNobody);
    },
    run: (artefact, options = {}) => runCommand(words(artefact), options),
    runWords: (program, options = {}) => runCommand(program, options),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function runCommand([program, ...words]: readonly [string, ...string[]], options: RunOptions): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...words, ...(options.args ?? [])], {
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', LANG: 'C', ...options.environment },
      stdio: 'pipe',
      ...(options.asNobody && canChangeUser ? { uid: nobody, gid: nobody } : {}),
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('latin1').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('latin1').on('data', (text: string) => (stderr += text));
    // A command that ends before it has read its mail leaves a broken pipe, as Postfix allows.
    child.stdin.on('error', () => undefined);
    if (options.input !== undefined) child.stdin.end(options.input);
    child.once('error', reject);
    child.once('close', (exit, signal) => {
      child.stdin.destroy();
      resolve({ exit, signal, stdout, stderr });
    });
    options.onStart?.(child);
  });
}
