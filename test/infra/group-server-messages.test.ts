/** What the reference GroupServer makes of a message: base64 in any chunks, raw text, big ones in flat memory. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createBase64Decoder } from '../../infra/local/group-server/base64-decoder.ts';
import {
  type GroupServer,
  type GroupServerOptions,
  startGroupServer,
} from '../../infra/local/group-server/group-server.ts';
import { goodForms, multipart, PATIENTLY, requestTo, submit, talk } from './group-server-client.ts';

const started: GroupServer[] = [];
const start = async (options?: GroupServerOptions) => {
  const server = await startGroupServer(options);
  started.push(server);
  return server;
};
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const withMessage = (emailMessage: string) => ({ ...goodForms.add, emailMessage });
const open = () => readdirSync('/proc/self/fd').length;
/** How many descriptors of this process are files of this test's folder. */
const unlinkedFiles = () =>
  readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).includes('group-server-messages-');
    } catch {
      // The descriptor that the listing itself was read through.
      return false;
    }
  }).length;

describe('the base64 decoder', () => {
  const decode = (encoded: string, cuts: readonly number[]) => {
    const decoder = createBase64Decoder();
    const marks = [0, ...cuts.map((cut) => cut % (encoded.length + 1)).sort((a, b) => a - b), encoded.length];
    const pieces = marks.slice(1).map((mark, at) => decoder.write(Buffer.from(encoded.slice(marks[at], mark))));
    const all = [...pieces, decoder.end()];
    return all.includes(undefined) ? undefined : Buffer.concat(all.filter((piece) => piece !== undefined));
  };
  const cuts = fc.array(fc.nat(), { maxLength: 8 });

  it('gives back any bytes, in any chunks, with any line breaks', () => {
    const width = fc.integer({ min: 1, max: 80 });
    fc.assert(
      fc.property(fc.uint8Array(), cuts, width, fc.constantFrom('', '\n', '\r\n'), (bytes, at, length, lineBreak) => {
        const encoded = Buffer.from(bytes)
          .toString('base64')
          .replace(new RegExp(`.{${length}}`, 'g'), `$&${lineBreak}`);
        expect(decode(encoded, at)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it.each(['A', 'AA', 'AAA', 'AA=', 'A===', 'AA==A', 'AA==AAAA', 'AAA=AAAA', '====', 'AA-_', 'A A=', 'AAAA=', '=AAA'])(
    'takes %j for no base64, in any chunks',
    (encoded) => {
      fc.assert(fc.property(cuts, (at) => decode(encoded, at) === undefined));
    },
  );
});

describe('a message', () => {
  it('arrives byte for byte, with NUL, line breaks of both kinds and all other bytes', async () => {
    const message = Buffer.concat([
      Buffer.from('A: b\r\n\r\n\0\r\n\n\r'),
      Buffer.from(Array.from({ length: 256 }, (_, value) => value)),
    ]);
    const server = await start();
    await submit(server, 'add', withMessage(message.toString('base64')));
    const [post] = server.posts;
    expect(post?.message).toMatchObject({ size: message.length, sha256: sha256(message), head: message });
    expect(await post?.message.bytes()).toEqual(message);
    expect(server.requests[0]?.message).toBe(post?.message);
  });

  it('that is no base64 counts as it is, as with the real one', async () => {
    const server = await start();
    const raw = 'From: ada@example.com\r\nSubject: r\xe4w\r\n\r\nHello\r\n';
    const { type, body } = multipart(withMessage('MARK'));
    const at = body.indexOf('MARK');
    const bytes = Buffer.concat([body.subarray(0, at), Buffer.from(raw, 'latin1'), body.subarray(at + 4)]);
    await talk(server, requestTo('add', { type, body: bytes }));
    expect((await server.posts[0]?.message.bytes())?.toString('latin1')).toBe(raw);
  });

  it('of raw text may be long', async () => {
    const server = await start();
    const raw = `Subject: long\r\n\r\n${'a line\r\n'.repeat(50_000)}`;
    await submit(server, 'add', withMessage(raw));
    expect((await server.posts[0]?.message.bytes())?.toString()).toBe(raw);
  });

  it('that begins as base64 and breaks later is refused', async () => {
    const server = await start();
    const { body } = await submit(server, 'add', withMessage(`${'AAAA'.repeat(20_000)}!`));
    expect(body).toContain('The value is not base64.');
    await submit(server, 'add', withMessage(`${'AAAA'.repeat(20_000)}AA`));
    expect(server.requests.map(({ refused }) => refused)).toEqual([['Email message'], ['Email message']]);
  });

  it.each([1024 * 1024, 1024 * 1024 + 1, 3_000_001])('of %i bytes is kept whole', async (size) => {
    const message = Buffer.alloc(size, 'Subject: big\n\n0123456789');
    const server = await start();
    await submit(server, 'add', withMessage(message.toString('base64')));
    const stored = server.posts[0]?.message;
    expect(stored).toMatchObject({ size, sha256: sha256(message) });
    expect(stored?.head.equals(message.subarray(0, 65_536))).toBe(true);
    expect((await stored?.bytes())?.equals(message)).toBe(true);
  });

  it('of which only the digest is kept still has its beginning', async () => {
    const message = Buffer.alloc(2_000_000, 'Subject: big\n\n0123456789');
    const server = await start({ keepMessages: 'digest' });
    await submit(server, 'add', withMessage(message.toString('base64')));
    await submit(server, 'add');
    const [long, short] = server.posts.map((post) => post.message);
    expect(long).toMatchObject({ size: 2_000_000, sha256: sha256(message) });
    expect(long?.head.equals(message.subarray(0, 65_536))).toBe(true);
    await expect(long?.bytes()).rejects.toThrow('Only the digest');
    expect((await short?.bytes())?.length).toBe(short?.size);
  });

  it.runIf(process.platform === 'linux')('leaves no file and no descriptor behind', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'group-server-messages-'));
    vi.stubEnv('TMPDIR', folder);
    onTestFinished(() => {
      vi.unstubAllEnvs();
      rmSync(folder, { recursive: true });
    });
    const before = open();
    const server = await start();
    const big = multipart(withMessage(Buffer.alloc(2_000_000).toString('base64')));
    await talk(server, requestTo('add', big));
    expect(unlinkedFiles()).toBe(1);
    await talk(server, requestTo('add', big).subarray(0, 2_200_000), 100);
    await expect.poll(unlinkedFiles, PATIENTLY).toBe(1);
    expect(server.posts).toHaveLength(1);
    expect(readdirSync(folder)).toEqual([]);
    await server.stop();
    await expect.poll(open, PATIENTLY).toBeLessThanOrEqual(before);
    await expect(server.posts[0]?.message.bytes()).rejects.toThrow(/closed|EBADF/);
  });
});

describe.runIf(process.platform === 'linux')('a message of 60 MB', () => {
  it.each(['all', 'digest'])('goes into a server that keeps %s in flat memory', async (keep) => {
    const main = new URL('../../infra/local/group-server/main.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, [main, '--keep', keep], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const { value: url } = await lines.next();
      const peak = () =>
        Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024;
      const before = peak();
      const piece = Buffer.alloc(60_000, 'Subject: big\n\n0123456789');
      const { type, body } = multipart(withMessage('MARK'));
      const at = body.indexOf('MARK');
      const request = httpRequest(`${String(url)}/gs-group-messages-add-email.html`, {
        method: 'POST',
        headers: { 'content-type': type, 'content-length': body.length - 4 + 80_000_000 },
      });
      const answered = new Promise<string>((resolve, reject) => {
        request.on('response', (response) => void text(response).then(resolve, reject)).on('error', reject);
      });
      await pipeline(
        Readable.from(
          (function* () {
            yield body.subarray(0, at);
            const encoded = Buffer.from(piece.toString('base64'));
            for (let sent = 0; sent < 1000; sent += 1) yield encoded;
            yield body.subarray(at + 4);
          })(),
        ),
        request,
      );
      expect(await answered).toContain('<p>Done</p>');
      expect(peak() - before).toBeLessThan(50);
    } finally {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    }
    expect(child.exitCode).toBe(0);
  });
});
