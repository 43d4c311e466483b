/**
 * The first part of the demo: the built command, run as Postfix runs it, one process for each mail, against a reference
 * GroupServer. It only knows what a mail system sees: the exit status and the first line on stderr.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type GroupServer, startGroupServer } from './group-server/group-server.ts';

/** What became of a mail, and whether that is what should have. */
export interface CommandResult {
  readonly title: string;
  readonly words: string;
  readonly good: boolean;
}

interface Try {
  readonly title: string;
  readonly recipient: string;
  readonly before?: (server: GroupServer) => unknown;
  readonly exit: number;
  readonly says: string;
}

const domain = 'groups.example.com';
const tries: readonly Try[] = [
  { title: 'A mail to a group', recipient: `example_group@${domain}`, exit: 0, says: '' },
  { title: 'A mail to a member', recipient: `p-ada@${domain}`, exit: 0, says: '' },
  { title: 'The bounce of a member', recipient: `example_group+ada=example.com@${domain}`, exit: 0, says: '2.1.5' },
  { title: 'A mail to an unknown group', recipient: `nobody@${domain}`, exit: 67, says: '5.1.1' },
  {
    title: 'The token is wrong',
    recipient: `example_group@${domain}`,
    before: (server) => (server.token = 'anotherToken'),
    exit: 75,
    says: '4.5.0',
  },
  {
    title: 'GroupServer is down',
    recipient: `example_group@${domain}`,
    before: (server) => server.offline(),
    exit: 75,
    says: '4.4.4',
  },
];

const program = fileURLToPath(new URL('../../dist/smtp2gs', import.meta.url));

/** Delivers a mail of each kind; `report` hears of each as soon as it is done. */
export async function demoCommand(report: (result: CommandResult) => void): Promise<void> {
  if (!existsSync(program)) throw new Error('dist/smtp2gs is not there: run "npm run build" first');
  const folder = mkdtempSync(join(tmpdir(), 'smtp2gs-demo-'));
  const server = await startGroupServer();
  const config = join(folder, 'gsconfig.ini');
  writeFileSync(config, `[webservice-default]\ntoken = ${server.token}\n`, { mode: 0o600 });
  try {
    for (const { title, recipient, before, exit, says } of tries) {
      await before?.(server);
      const options = [`--config=${config}`, `--lock-dir=${folder}`, `--recipient=${recipient}`, server.url];
      const result = await run(options, `From: ada@example.com\nSubject: ${title}\n\nTea?\n`);
      const words = `exit ${result.exit}${result.stderr === '' ? ', silent' : `: ${result.stderr.trim()}`}`;
      report({ title, words, good: result.exit === exit && result.stderr.startsWith(says) });
    }
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(options: readonly string[], mail: string): Promise<{ exit: number | null; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, options, { stdio: ['pipe', 'ignore', 'pipe'], env: { PATH: '/usr/bin:/bin' } });
    let stderr = '';
    child.stderr.setEncoding('latin1').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (exit) => resolve({ exit, stderr }));
    child.stdin.on('error', () => undefined).end(mail);
  });
}
