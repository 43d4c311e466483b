/**
 * The guard in bin.ts, built like the real thing, for both run times, around mains that go wrong in every way.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleOptions, compile } from '../../infra/build/build-command.ts';
import { configText } from '../scenarios.ts';
import { artefacts, installCommand, type RunOptions } from './installed-command.ts';

const command = installCommand();
afterAll(() => command.remove());

/** Ways for a program to end without a status, by the name of the environment variable that chooses them. */
const brokenMain = `
const wait = () => new Promise(() => {});
if (process.env.HOW === 'import') throw new Error('thrown while it was loaded');
export const main = async () => {
  switch (process.env.HOW) {
    case 'throw': throw new Error('thrown by main');
    case 'late': setTimeout(() => { throw new Error('thrown in a timer'); }, 1); return wait();
    case 'rejection': void Promise.reject(new Error('nobody waits for it')); return wait();
    case 'settles never': return wait();
    case 'exit 0': process.exit(0);
    case 'exit 1': process.exit(1);
    case 'warning': process.emitWarning('printed first'); await new Promise((r) => setTimeout(r, 5)); throw new Error('x');
    default: setInterval(() => {}, 1000); return wait();
  }
};`;

beforeAll(async () => {
  const main = join(command.directory, 'broken-main.ts');
  writeFileSync(main, brokenMain);
  await build({
    ...bundleOptions('0.0.0'),
    outfile: join(command.directory, 'smtp2gs.cjs'),
    plugins: [{ name: 'broken main', setup: (b) => b.onResolve({ filter: /main\.ts$/ }, () => ({ path: main })) }],
  });
  await compile(join(command.directory, 'smtp2gs.cjs'), join(command.directory, 'smtp2gs'));
});

describe.each(artefacts)('the exit guard of %s', (artefact) => {
  const run = (how: string, options: RunOptions = {}) =>
    command.run(artefact, { input: 'mail', environment: { HOW: how }, ...options });

  it.each(['import', 'throw', 'late', 'rejection', 'settles never', 'exit 0', 'exit 1', 'warning'])(
    'turns "%s" into 4.3.0 and exit 75, without a stack trace',
    async (how) => {
      const { exit, stderr, stdout } = await run(how);
      expect({ exit, stdout }).toEqual({ exit: 75, stdout: '' });
      expect(stderr).toMatch(/^4\.3\.0 [\x20-\x7e]{1,200}\n$/);
    },
  );

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('turns %s into 4.3.0 and exit 75', async (signal) => {
    const { exit, stderr } = await run('runs on', { onStart: (child) => setTimeout(() => child.kill(signal), 500) });
    expect({ exit, stderr }).toEqual({
      exit: 75,
      stderr: `4.3.0 The mail gateway failed, the mail is kept: stopped by ${signal}\n`,
    });
  });
});

describe('a Node that is too old', () => {
  const systemNode = '/usr/bin/node';
  const isOld = existsSync(systemNode) && /^v(1\d|2[01])\./.test(execFileSync(systemNode, ['-v']).toString());

  it.runIf(isOld)('is told what is needed, with 4.3.5 and exit 75', async () => {
    const real = new URL('../../dist/smtp2gs.cjs', import.meta.url).pathname;
    const config = command.newFile(configText);
    const child = await command.runWords([systemNode, real, `--config=${config}`, 'http://127.0.0.1:1'], {
      input: 'mail',
    });
    expect(child).toMatchObject({ exit: 75, stdout: '' });
    expect(child.stderr).toMatch(/^4\.3\.5 .*needs Node 22 or newer, \/usr\/bin\/node is v/);
  });

  it('is asked before anything else, in words that every Node from 12 on can parse', async () => {
    const real = readFileSync(new URL('../../dist/smtp2gs.cjs', import.meta.url), 'utf8');
    expect(real.split('\n').slice(0, 2).join('\n')).toMatch(/^#!\/usr\/bin\/env node\nif\(parseInt\(process\.versions/);
    // acorn knows the years of the language: 2019 is what Node 12 parses.
    const { parse } = await import('acorn');
    expect(() => parse(real, { ecmaVersion: 2019, allowHashBang: true })).not.toThrow();
  });
});
