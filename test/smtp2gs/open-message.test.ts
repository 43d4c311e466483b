/**
 * Where the mail comes from and what can be wrong with it, on the built command.
 */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type GroupServer, startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { configText, groupAddress, plainMail } from '../scenarios.ts';
import { artefacts, installCommand, type RunOptions } from './installed-command.ts';
import { matching } from './matching.ts';

const mebibyte = 1024 * 1024;
const command = installCommand();
const config = command.newFile(configText);
let server: GroupServer;
beforeAll(async () => {
  server = await startGroupServer({ keepMessages: 'digest' });
});
afterEach(() => server.clear());
afterAll(async () => {
  await server.stop();
  command.remove();
});

/** A mail of so many bytes, with every byte value in it. */
function mailOfSize(size: number): Buffer {
  const mail = Buffer.alloc(size, Buffer.from(Array.from({ length: 256 }, (_, value) => value)));
  mail.write(plainMail, 'latin1');
  return mail;
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe.each(artefacts)('the mail that %s reads', (artefact) => {
  const args = (...more: string[]) => [
    `--config=${config}`,
    `--recipient=${groupAddress}`,
    `--lock-dir=${command.newDirectory()}`,
    ...more,
    server.url,
  ];
  const run = (options: RunOptions & { more?: string[] }) =>
    command.run(artefact, { ...options, args: args(...(options.more ?? [])) });

  it.each([1, 36 * 1024, mebibyte, mebibyte + 1, 3 * mebibyte + 7])('arrives byte for byte: %i bytes', async (size) => {
    const mail = mailOfSize(Math.max(size, plainMail.length));
    expect(await run({ input: mail })).toMatchObject({ exit: 0, stderr: '' });
    expect(server.posts[0]?.message.sha256).toBe(sha256(mail));
  });

  it('may be a file, with an mbox From line that is dropped', async () => {
    const mail = mailOfSize(2 * mebibyte);
    const path = command.newFile('');
    writeFileSync(path, Buffer.concat([Buffer.from('From ada Sun Nov 22\n'), mail]));
    expect(await run({ input: '', more: [`--file=${path}`] })).toMatchObject({ exit: 0, stderr: '' });
    expect(server.posts[0]?.message.sha256).toBe(sha256(mail));
  });

  it('may be a file on the standard input, read from where it stands', async () => {
    const mail = mailOfSize(100_000);
    const path = command.newFile('');
    writeFileSync(path, Buffer.concat([Buffer.from('read by others'), mail]));
    const descriptor = openSync(path, 'r');
    const [program, ...words] = command.words(artefact);
    // A shell that has read some of an open file hands the rest of it over.
    const script = 'dd bs=14 count=1 status=none >/dev/null; exec "$@"';
    const child = spawn('/bin/sh', ['-c', script, 'sh', program, ...words, ...args()], {
      stdio: [descriptor, 'ignore', 'ignore'],
    });
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
    closeSync(descriptor);
    expect(server.posts[0]?.message.sha256).toBe(sha256(mail));
  });

  it('may come from a socket', async () => {
    const mail = mailOfSize(2 * mebibyte);
    const listener = createServer((socket) => void socket.end(mail)).listen(0, '127.0.0.1');
    await new Promise((resolve) => listener.once('listening', resolve));
    const address = listener.address();
    const socket = connect(typeof address === 'object' && address ? address.port : 0, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const [program, ...words] = command.words(artefact);
    const child = spawn(program, [...words, ...args()], { stdio: [socket, 'ignore', 'ignore'] });
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
    socket.destroy();
    listener.close();
    expect(server.posts[0]?.message.sha256).toBe(sha256(mail));
  });

  it('leaves no spool file behind, not even when the command is killed in the middle', async () => {
    const spoolDir = command.newDirectory();
    const onStart: RunOptions['onStart'] = (child) => {
      child.stdin?.write(mailOfSize(3 * mebibyte), () => child.kill('SIGKILL'));
    };
    await run({ input: undefined, more: [`--spool-dir=${spoolDir}`], onStart });
    expect(readdirSync(spoolDir)).toEqual([]);
  });

  it('is deferred with 4.3.0 when there is no place for it', async () => {
    const more = ['--spool-dir=/no/such/directory'];
    expect(await run({ input: mailOfSize(2 * mebibyte), more })).toMatchObject({
      exit: 75,
      stderr: matching(/^4\.3\.0 .*\/no\/such\/directory \(ENOENT\); see --spool-dir\n$/),
    });
  });

  it('is deferred when its end does not come before the deadline', async () => {
    expect(await run({ input: undefined, more: ['--timeout=1'] })).toMatchObject({
      exit: 75,
      stderr: matching(/^4\.3\.0 .*no end of the mail within the deadline\n$/),
    });
  });

  it('is read to its maximum only', async () => {
    expect(await run({ input: mailOfSize(5 * mebibyte), more: ['--max-size=4'] })).toMatchObject({
      exit: 65,
      stderr: matching(/^5\.3\.4 .*4 MiB\n$/),
    });
    expect(server.requests).toEqual([]);
  });

  it('may have a header section of 10 MB', async () => {
    const mail = Buffer.from(`X-Long: ${`${'x'.repeat(70)}\n `.repeat(150_000)}\n\nbody\n`);
    expect(await run({ input: mail })).toMatchObject({ exit: 0, stderr: '' });
    expect(server.posts[0]?.message.sha256).toBe(sha256(mail));
  });

  it('may have no header section', async () => {
    const mail = Buffer.from('\njust a text\n');
    expect(await run({ input: mail })).toMatchObject({ exit: 0, stderr: '' });
    expect(server.posts[0]?.message.sha256).toBe(sha256(mail));
  });

  it.each(['/no/such/file', '/'])('is kept when --file is %s', async (file) => {
    expect(await run({ input: '', more: [`--file=${file}`] })).toMatchObject({
      exit: 75,
      stderr: matching(/^4\.3\.5 .*--file/),
    });
  });
});

describe.each(artefacts)('a mail of 200 MiB through %s', (artefact) => {
  it('takes less than 100 MB of memory, and one byte more is refused with no request made', async () => {
    const size = 200 * mebibyte;
    const path = command.newFile('');
    mkdirSync(`${path}.d`);
    writeFileSync(path, mailOfSize(size));
    const lockDir = command.newDirectory();
    const report = join(`${path}.d`, 'time');
    const [program, ...words] = command.words(artefact);
    const options = [
      `--config=${config}`,
      `--recipient=${groupAddress}`,
      `--lock-dir=${lockDir}`,
      '--max-size=200',
      server.url,
    ];
    const deliver = async (extra: string) => {
      const script = `{ cat "$0"; printf %s "$1"; } | { shift; exec /usr/bin/time -f %M -o ${report} "$@"; }`;
      const child = spawn('/bin/sh', ['-c', script, path, extra, program, ...words, ...options], {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { PATH: '/usr/bin:/bin' },
      });
      let stderr = '';
      child.stderr.setEncoding('latin1').on('data', (text: string) => (stderr += text));
      const exit = await new Promise((resolve) => child.once('close', resolve));
      return { exit, stderr };
    };
    expect(await deliver('')).toEqual({ exit: 0, stderr: '' });
    expect(server.posts[0]?.message.size).toBe(size);
    const { readFileSync } = await import('node:fs');
    expect(Number(/\d+\s*$/.exec(readFileSync(report, 'utf8'))?.[0])).toBeLessThan(100_000);
    server.clear();
    expect(await deliver('x')).toMatchObject({ exit: 65, stderr: matching(/^5\.3\.4 /) });
    expect(server.requests).toEqual([]);
  });
});
