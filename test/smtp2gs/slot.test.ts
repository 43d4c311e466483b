/**
 * Slots across real processes: the built command, held back by a server that is slow to answer.
 */
import { chmodSync, chownSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type GroupServer, startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { configText, groupAddress, plainMail } from '../scenarios.ts';
import { artefacts, canChangeUser, installCommand, type RunOptions } from './installed-command.ts';
import { matching } from './matching.ts';

const command = installCommand();
const config = command.newFile(configText);
let server: GroupServer;
beforeAll(async () => {
  server = await startGroupServer();
});
afterEach(() => server.clear());
afterAll(async () => {
  await server.stop();
  command.remove();
});

const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe.each(artefacts)('slots of %s', (artefact) => {
  const deliver = (lockDir: string, subject: string, more: { args?: string[] } & Omit<RunOptions, 'args'> = {}) =>
    command.run(artefact, {
      input: plainMail.replace('Tea', subject),
      ...more,
      args: [
        `--config=${config}`,
        `--recipient=${groupAddress}`,
        `--lock-dir=${lockDir}`,
        ...(more.args ?? []),
        server.url,
      ],
    });

  it('defers with 4.4.5 when the slot is taken for longer than 5 seconds', async () => {
    const lockDir = command.newDirectory();
    server.faults.next({ kind: 'delay', milliseconds: 6500 }, { page: 'add' });
    const first = deliver(lockDir, 'first');
    await until(() => server.requests.length === 2);
    const second = await deliver(lockDir, 'second');
    expect(second).toMatchObject({ exit: 75, stderr: matching(/^4\.4\.5 .*--slots/) });
    expect((await first).exit).toBe(0);
    expect(server.posts).toHaveLength(1);
  });

  it('runs as many deliveries at once as there are slots', async () => {
    const lockDir = command.newDirectory();
    server.faults.next({ kind: 'delay', milliseconds: 6500 }, { page: 'add' });
    const first = deliver(lockDir, 'first', { args: ['--slots=2'] });
    await until(() => server.requests.length === 2);
    expect((await deliver(lockDir, 'second', { args: ['--slots=2'] })).exit).toBe(0);
    expect((await first).exit).toBe(0);
  });

  it('frees the slot of a delivery that was killed with SIGKILL', async () => {
    const lockDir = command.newDirectory();
    server.faults.next({ kind: 'hang', when: 'after-body' }, { page: 'add' });
    let kill = () => {};
    const first = deliver(lockDir, 'first', { onStart: (child) => (kill = () => child.kill('SIGKILL')) });
    await until(() => server.requests.length === 2);
    kill();
    expect((await first).signal).toBe('SIGKILL');
    expect((await deliver(lockDir, 'second')).exit).toBe(0);
  });

  it('loses none of 20 deliveries at once on one slot', async () => {
    const lockDir = command.newDirectory();
    const results = await Promise.all(Array.from({ length: 20 }, (_, index) => deliver(lockDir, `mail ${index}`)));
    const endings = results.map(({ exit, stderr }) => `${exit} ${stderr.slice(0, 6)}`);
    expect(endings.filter((ending) => ending !== '0 ' && ending !== '75 4.4.5 ')).toEqual([]);
    expect(server.posts).toHaveLength(endings.filter((ending) => ending === '0 ').length);
  });

  it('holds no slot while it waits for the mail', async () => {
    const lockDir = command.newDirectory();
    let waiting: { kill(signal: NodeJS.Signals): unknown } | undefined;
    const first = deliver(lockDir, 'first', { input: undefined, onStart: (child) => (waiting = child) });
    expect((await deliver(lockDir, 'second')).exit).toBe(0);
    waiting?.kill('SIGTERM');
    expect(await first).toMatchObject({ exit: 75, stderr: matching(/^4\.3\.0 .*SIGTERM/) });
  });
});

describe('the lock directory', () => {
  const outside = mkdtempSync(join(tmpdir(), 'smtp2gs-lock-'));
  chmodSync(outside, 0o755);
  afterAll(() => rmSync(outside, { recursive: true, force: true }));
  const refusal = async (lockDir: string, asNobody = false) => {
    const { exit, stderr } = await command.run('smtp2gs', {
      input: plainMail,
      asNobody,
      args: [
        `--config=${command.newFile(configText, asNobody)}`,
        `--recipient=${groupAddress}`,
        `--lock-dir=${lockDir}`,
        server.url,
      ],
    });
    expect({ exit, posts: server.posts.length }).toEqual({ exit: 75, posts: 0 });
    expect(stderr).toMatch(/^4\.3\.5 .*--lock-dir a directory of mode 0700 that belongs to user \d+\n$/);
    return stderr;
  };

  it('is refused when it is a link', async () => {
    const link = join(outside, 'link');
    symlinkSync(command.newDirectory(), link);
    expect(await refusal(link)).toContain('is a link');
  });

  it.each([0o777, 0o1777, 0o770, 0o720])('is refused with mode %o', async (mode) => {
    const directory = command.newDirectory();
    chmodSync(directory, mode);
    expect(await refusal(directory)).toContain('can be written by other users');
  });

  it.runIf(canChangeUser)('is refused when it belongs to somebody else', async () => {
    const directory = command.newDirectory();
    chownSync(directory, 12345, 12345);
    chmodSync(directory, 0o755);
    expect(await refusal(directory, true)).toContain('belongs to another user');
  });

  it('is refused when it is a file', async () => {
    const file = join(outside, 'file');
    writeFileSync(file, '');
    expect(await refusal(file)).toContain('is no directory');
  });

  it('is refused when it is missing and cannot be made', async () => {
    expect(await refusal(join(outside, 'a/b/c'))).toContain('cannot be made');
  });

  it('holds no lock file that is a link', async () => {
    const directory = command.newDirectory();
    symlinkSync(join(outside, 'target'), join(directory, 'slot-1'));
    const { exit, stderr } = await command.run('smtp2gs', {
      input: plainMail,
      args: [`--config=${config}`, `--recipient=${groupAddress}`, `--lock-dir=${directory}`, server.url],
    });
    expect({ exit, stderr: stderr.slice(0, 6) }).toEqual({ exit: 75, stderr: '4.3.5 ' });
  });
});
