/** `npm start`, as a person runs it: what it prints, how it stops, and what it says when it cannot start. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

const script = (name: string) => fileURLToPath(new URL(`../../infra/local/${name}`, import.meta.url));
let bundle: string;

beforeAll(() => {
  bundle = mkdtempSync(join(tmpdir(), 'smtp2gs-start-'));
  const handler = "export const handler = async () => { console.log('called'); return { batchItemFailures: [] }; };";
  writeFileSync(join(bundle, 'index.mjs'), handler);
});
afterAll(() => rmSync(bundle, { recursive: true }));

/** Runs a script to its end. */
const run = (name: string, ...args: string[]) =>
  new Promise<{ status: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [script(name), ...args], (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
  });

test('it prints where everything is, takes mail, and leaves nothing when it is stopped', async () => {
  const child = spawn(process.execPath, [script('start.ts'), '--bundle', bundle], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  await vi.waitFor(() => expect(printed).toContain('Ctrl-C stops everything.'), 20_000);
  const [, url = ''] = /web page +(\S+)/.exec(printed) ?? [];
  const [, port = ''] = /SMTP +127\.0\.0\.1:(\d+)/.exec(printed) ?? [];
  const [, folder = ''] = /state +(\S+)/.exec(printed) ?? [];
  const sent = await run('send.ts', '--port', port, '--to', 'example_group@groups.example.com');
  expect(sent.status).toBe(0);
  expect(sent.stdout).toMatch(/^250 OK [0-9a-f]{40}\n$/);
  await vi.waitFor(async () => expect(await (await fetch(url)).text()).toContain('called'), 10_000);
  const refused = await run('send.ts', '--port', port, '--to', 'a@elsewhere.example');
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain('550 5.1.1');
  child.kill('SIGINT');
  expect(await exited).toEqual([0, null]);
  expect(existsSync(folder)).toBe(false);
  await expect(fetch(url)).rejects.toThrow('fetch failed');
});

test('what it cannot do it says in one line, with status 2', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const port = String(typeof address === 'object' ? address?.port : 0);
  const outcomes = await Promise.all([
    run('start.ts', '--bundle', bundle, '--smtp-port', port),
    run('start.ts', '--bundle', bundle, '--web-port', port),
    run('start.ts', '--bundle', join(bundle, 'nothing')),
    run('start.ts', '--smtp-port', 'many'),
    run('start.ts', '--colour', 'red'),
  ]);
  taken.close();
  expect(outcomes.map(({ status, stdout }) => [status, stdout])).toEqual(outcomes.map(() => [2, '']));
  const reasons = [
    /EADDRINUSE.*127\.0\.0\.1/,
    /EADDRINUSE/,
    /run "npm run build" first/,
    /--smtp-port is a port number/,
    /--colour/,
  ];
  for (const [index, { stderr }] of outcomes.entries()) expect(stderr.trim()).toMatch(reasons[index] ?? /never/);
  expect(outcomes.map(({ stderr }) => stderr.trim().split('\n').length)).toEqual(outcomes.map(() => 1));
});

test('--help explains every option', async () => {
  for (const name of ['start.ts', 'send.ts']) {
    const { status, stdout } = await run(name, '--help');
    expect(status).toBe(0);
    expect(stdout).toMatch(/--help {2,}prints this/);
  }
});
