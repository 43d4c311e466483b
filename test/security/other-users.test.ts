/**
 * What another user of the host may try at locks, spool and log: take the slot, plant links, read what waits. The rest
 * (a directory of somebody else, a link in its place) is in test/smtp2gs/slot.test.ts.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { DeliveryFailure } from '../../functions/core/delivery-status.ts';
import { openSpool } from '../../functions/smtp2gs/spool.ts';
import { type GroupServer, startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { until } from '../postfix/until.ts';
import { configText, groupAddress, plainMail } from '../scenarios.ts';
import { artefacts, canChangeUser, installCommand, type RunOptions } from '../smtp2gs/installed-command.ts';

/** A user who is neither root nor `nobody`, and needs no name. */
const stranger = { uid: 12345, gid: 12345 };

const command = installCommand();
let server: GroupServer;
beforeAll(async () => {
  server = await startGroupServer();
});
afterEach(() => server.clear());
afterAll(async () => {
  await server.stop();
  command.remove();
});

const asStranger = (program: string, ...args: string[]) =>
  spawnSync(program, args, { ...stranger, encoding: 'utf8', cwd: '/' });

describe.each(artefacts)('%s', (artefact) => {
  const deliver = (asNobody: boolean, args: string[], more: Omit<RunOptions, 'args'> = {}) =>
    command.run(artefact, {
      input: plainMail,
      asNobody,
      ...more,
      args: [`--config=${command.newFile(configText, asNobody)}`, `--recipient=${groupAddress}`, ...args, server.url],
    });

  it.runIf(canChangeUser)('has a slot that nobody else can take, though all may look at its directory', async () => {
    const lockDir = command.newDirectory(true);
    chmodSync(lockDir, 0o755);
    expect((await deliver(true, [`--lock-dir=${lockDir}`])).exit).toBe(0);
    const taken = asStranger('/usr/bin/flock', '-n', join(lockDir, 'slot-1'), '/bin/true');
    expect({ status: taken.status === 0, said: taken.stderr }).toEqual({
      status: false,
      said: expect.stringMatching(/Permission denied/) as unknown,
    });
    expect((statSync(join(lockDir, 'slot-1')).mode & 0o777).toString(8)).toBe('600');
  });

  it('changes nothing of a file that a lock is a hard link to', async () => {
    const lockDir = command.newDirectory();
    const victim = join(command.newDirectory(), 'victim');
    writeFileSync(victim, 'precious', { mode: 0o640 });
    linkSync(victim, join(lockDir, 'slot-1'));
    expect((await deliver(false, [`--lock-dir=${lockDir}`])).exit).toBe(0);
    expect(readFileSync(victim, 'utf8')).toBe('precious');
    expect((statSync(victim).mode & 0o777).toString(8)).toBe('640');
  });

  it('keeps a large mail in a file that has no name and is its own, in a directory of all', async () => {
    const spool = command.newDirectory();
    chmodSync(spool, 0o1777);
    server.faults.next({ kind: 'hang', when: 'after-body' }, { page: 'look-up' });
    let child: { pid?: number | undefined; kill(signal: NodeJS.Signals): unknown } | undefined;
    const mail = plainMail.padEnd(3 * 1024 * 1024, 'secret ');
    const args = [`--lock-dir=${command.newDirectory(true)}`, `--spool-dir=${spool}`];
    const running = deliver(true, args, { input: mail, onStart: (started) => (child = started) });
    await until('it asks for the group', () => server.requests.length > 0 || undefined);
    const folder = `/proc/${child?.pid}/fd`;
    const files = readdirSync(folder).map((name) => join(folder, name));
    const spooled = files.filter((name) => readlinkSync(name).startsWith(spool));
    expect(spooled.map((name) => readlinkSync(name))).toEqual([expect.stringMatching(/ \(deleted\)$/)]);
    const { mode, size, nlink } = statSync(spooled[0] ?? '');
    expect({ mode: (mode & 0o777).toString(8), size, nlink }).toEqual({ mode: '600', size: mail.length, nlink: 0 });
    expect(readdirSync(spool)).toEqual([]);
    expect(asStranger('/bin/cat', spooled[0] ?? '')).not.toMatchObject({ stderr: '' });
    child?.kill('SIGKILL');
    await running;
  });

  it('makes a log that not everybody can read', async () => {
    const log = join(command.newDirectory(), 'log');
    await deliver(false, [`--lock-dir=${command.newDirectory()}`, `--log=${log}`]);
    expect((statSync(log).mode & 0o007).toString(8)).toBe('0');
  });
});

describe('a spool file whose name was guessed', () => {
  const guessed = 123n;
  const planted = (plant: (path: string, victim: string) => void) => {
    const spool = command.newDirectory();
    const victim = join(command.newDirectory(), 'victim');
    writeFileSync(victim, 'precious');
    plant(join(spool, `smtp2gs-${process.pid}-${guessed}`), victim);
    const clock = vi.spyOn(process.hrtime, 'bigint').mockReturnValue(guessed);
    try {
      openSpool(spool).write(Buffer.from('secret'));
      return { victim, failure: undefined };
    } catch (failure) {
      return { victim, failure };
    } finally {
      clock.mockRestore();
    }
  };

  it.each([
    ['a link', (path: string, victim: string) => symlinkSync(victim, path)],
    ['a link to nothing', (path: string, victim: string) => symlinkSync(`${victim}-new`, path)],
    ['a hard link', (path: string, victim: string) => linkSync(victim, path)],
    ['a file that is held open', (path: string) => writeFileSync(path, 'x', { mode: 0o666 })],
  ])('is not used when it is %s', (_, plant) => {
    const { victim, failure } = planted(plant);
    expect(failure).toBeInstanceOf(DeliveryFailure);
    expect(failure).toMatchObject({ kind: 'message-unreadable' });
    expect(readFileSync(victim, 'utf8')).toBe('precious');
    expect(readdirSync(join(victim, '..'))).toEqual(['victim']);
  });

  it('is the one that would be used', () => {
    expect(planted(() => undefined).failure).toBeUndefined();
  });
});
