/**
 * `--log`: a line of JSON for each mail, with nothing of the mail in it; and that a log that cannot be written changes
 * nothing.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GroupServer, startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { configText, groupAddress, plainMail, token } from '../scenarios.ts';
import { artefacts, installCommand } from './installed-command.ts';
import { matching } from './matching.ts';

const command = installCommand();
const config = command.newFile(configText);
afterAll(() => command.remove());

const milliseconds: unknown = expect.any(Number);

describe.each(artefacts)('the log of %s', (artefact) => {
  let server: GroupServer;
  let log: string;
  beforeEach(async () => {
    server = await startGroupServer();
    log = join(command.newDirectory(), 'log');
  });
  afterEach(() => server.stop());

  const deliver = (args: readonly string[] = [], input = plainMail) =>
    command.run(artefact, {
      args: [
        `--config=${config}`,
        `--lock-dir=${command.newDirectory()}`,
        `--recipient=${groupAddress}`,
        `--log=${log}`,
        ...args,
        ...(args.some((word) => word.startsWith('http')) ? [] : [server.url]),
      ],
      input,
    });
  const entries = (): unknown[] => {
    const text = readFileSync(log, 'utf8');
    expect(text).not.toMatch(new RegExp(`Tea|tea\\?|${token}`));
    expect(text.endsWith('\n')).toBe(true);
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  };

  it('tells what became of a mail, and how long each part took', async () => {
    await deliver(['--queue-id=4c1F2Q', '--sender=ada@example.com']);
    expect(entries()).toEqual([
      {
        time: matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        queueId: '4c1F2Q',
        messageId: '<tea@example.com>',
        sender: 'ada@example.com',
        recipient: groupAddress,
        route: 'group',
        group: 'example_group',
        bytes: plainMail.length,
        milliseconds: {
          read: milliseconds,
          wait: milliseconds,
          'look-up': milliseconds,
          add: milliseconds,
          total: milliseconds,
        },
        httpStatus: 200,
        code: '2.0.0',
        outcome: 'delivered',
      },
    ]);
    expect((statSync(log).mode & 0o007).toString(8)).toBe('0');
  });

  it('gets a line for each mail, whatever became of it', async () => {
    await deliver(['--recipient=p-ada@groups.example.com']);
    await deliver(['--recipient=example_group+ada=b.example@groups.example.com', '--sender=eve@example.net']);
    await deliver(['--recipient=nobody@groups.example.com']);
    server.faults.next({ kind: 'status', status: 503 }, { page: 'add' });
    await deliver();
    await deliver([], '');
    await deliver(['http://127.0.0.1:1']);
    await deliver(['--config=/nowhere']);
    await deliver(['--lock-dir=/nowhere/x']);
    expect(entries()).toMatchObject([
      { route: 'member', code: '2.0.0', outcome: 'delivered', httpStatus: 200 },
      {
        route: 'bounce',
        code: '2.1.5',
        outcome: 'delivered',
        sender: 'eve@example.net',
        detail: matching(/not the null/),
      },
      { recipient: 'nobody@groups.example.com', code: '5.1.1', outcome: 'bounced', httpStatus: 200 },
      { group: 'example_group', code: '4.5.0', outcome: 'deferred', httpStatus: 503, detail: matching(/HTTP 503/) },
      { bytes: 0, code: '5.3.0', outcome: 'bounced' },
      { code: '4.4.4', outcome: 'deferred' },
      { code: '4.3.5', outcome: 'deferred' },
      { bytes: plainMail.length, code: '4.3.5', outcome: 'deferred' },
    ]);
  });

  it('keeps its lines whole when many write at once', async () => {
    await Promise.all(Array.from({ length: 8 }, (_, index) => deliver([`--queue-id=${index}`])));
    const ids = entries().map((entry) => /"queueId":"(\d)"/.exec(JSON.stringify(entry))?.[1]);
    expect(new Set(ids)).toEqual(new Set(['0', '1', '2', '3', '4', '5', '6', '7']));
    expect(ids).toHaveLength(8);
  });

  it.each([
    ['in a folder that is not there', '/nowhere/log'],
    ['that is a folder', '/'],
    ['on a full disk', '/dev/full'],
  ])('changes nothing %s', async (_, path) => {
    expect(await deliver([`--log=${path}`])).toMatchObject({ exit: 0, stdout: '', stderr: '' });
    expect(server.posts).toHaveLength(1);
    expect(existsSync(log)).toBe(false);
  });

  it('changes nothing as a FIFO that nobody reads', async () => {
    execFileSync('mkfifo', [log]);
    expect(await deliver()).toMatchObject({ exit: 0, stdout: '', stderr: '' });
    expect(await deliver(['--recipient=nobody@groups.example.com'])).toMatchObject({ exit: 67 });
  });
});
