/** Runs an operator script as an operator does: as a process, with nothing of this one's environment but what is said. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export type OpsCommand = 'activate' | 'redrive' | 'replay' | 'release' | 'pause' | 'resume' | 'doctor';

export interface Ended {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The path of a script. */
export const scriptOf = (name: OpsCommand) => fileURLToPath(new URL(`../../infra/ops/${name}.ts`, import.meta.url));

/** What an operator's shell has, beside credentials: no profile of this machine gets in. */
export const shell = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  AWS_EC2_METADATA_DISABLED: 'true',
  // Three quarters of a short run would go into compiling the SDK.
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/ops-tests', import.meta.url)),
};

/** The environment that leads to an endpoint in the part of AWS. */
export const environmentOf = (url: string): Record<string, string> => ({
  ...shell,
  AWS_ENDPOINT_URL: url,
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_REGION: 'us-east-1',
});

/** Runs a program and waits for its end. */
export function run(
  program: string,
  words: readonly string[],
  env: Record<string, string>,
  started: (child: ChildProcess) => void = () => undefined,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (exit) => resolve({ exit, stdout, stderr }));
    started(child);
  });
}

export const ops = (
  name: OpsCommand,
  words: readonly string[],
  env: Record<string, string>,
  started?: (child: ChildProcess) => void,
) => run(process.execPath, [scriptOf(name), ...words], env, started);

/** Presses Ctrl-C as soon as something is so, as npm lets it through: twice. */
export const interruptWhen = (condition: () => boolean) => (child: ChildProcess) => {
  const watch = setInterval(() => {
    if (!condition()) return;
    clearInterval(watch);
    child.kill('SIGINT');
    setTimeout(() => child.kill('SIGINT'), 20);
  }, 10);
  child.once('close', () => clearInterval(watch));
};

/** Runs a script with `--json`: its one document, which must be all that it prints. */
export async function opsJson(name: OpsCommand, words: readonly string[], env: Record<string, string>) {
  const { exit, stdout, stderr } = await ops(name, [...words, '--json'], env);
  const document: unknown = JSON.parse(stdout);
  return { exit, stderr, document };
}
