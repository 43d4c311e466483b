/** The reference GroupServer's web page: what it shows, and that hostile mail stays text. */

import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { createServer as createSocketServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GroupServer, startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { webPage } from '../../infra/local/group-server/web-page.ts';
import { base64, get, goodForms, PATIENTLY, submit } from './group-server-client.ts';

let server: GroupServer;
beforeEach(async () => {
  server = await startGroupServer();
});
afterEach(() => server.stop());

const post = (mail: string, groupId = 'example_group') =>
  submit(server, 'add', { ...goodForms.add, groupId, emailMessage: base64(mail) });

const EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>';
const hostile = [
  'From: "Mallory \\"><script>alert(1)</script>" <mallory@example.com>',
  `To: <i>everybody</i> <everybody@example.com>`,
  `Subject: ${EVIL}`,
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: text/html; charset=utf-8',
  '',
  `<p>Dear all</p><script>alert(3)</script><a href="javascript:alert(4)">here</a>&lt;script&gt;alert(5)&lt;/script&gt;`,
  '--b',
  'Content-Type: text/html; name="x.html"',
  `Content-Disposition: attachment; filename*=UTF-8''..%2F%3Cscript%3E%0D%0ASet-Cookie%3A%20a%22b.html`,
  '',
  '<script>alert(6)</script>',
  '--b--',
  '',
].join('\r\n');

describe('the web page', () => {
  it('shows each group with its posts, newest first, read as mail', async () => {
    await post('From: Ada <ada@example.com>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nOne\r\n');
    await post('From: bob@example.com\r\nSubject: Second\r\n\r\nTwo\r\n');
    await post('From: eve@example.com\r\nSubject: Elsewhere\r\n\r\nThree\r\n', 'second_group');
    const { body, status } = await get(server.url, '/');
    expect(status).toBe(200);
    const order = [
      'example_group',
      'Second',
      'Two',
      'Grüße',
      'One',
      'second_group',
      'Elsewhere',
      'third_group',
      'No posts',
    ];
    const places = order.map((word) => body.indexOf(`>${word}`));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
    expect(body).toContain('&quot;Ada&quot; &lt;ada@example.com&gt;');
  });

  it('shows relayed mail, bounces, and what was refused or failed', async () => {
    for (const subject of ['Older', 'Private']) {
      await submit(server, 'relay', { ...goodForms.relay, emailMessage: base64(`Subject: ${subject}\n\nHi`) });
    }
    await submit(server, 'bounce');
    await submit(server, 'add', { ...goodForms.add, token: 'wrong' });
    server.faults.next({ kind: 'close' });
    server.faults.next({ kind: 'status', status: 503 });
    await submit(server, 'look-up');
    await submit(server, 'look-up');
    const { body } = await get(server.sideUrl, '/');
    expect(body.indexOf('Older')).toBeGreaterThan(body.indexOf('Private'));
    for (const text of ['Older', 'member@example.net', 'refused: Token', 'no whole answer', 'answered 503']) {
      expect(body).toContain(text);
    }
  });

  it('never shows a token', async () => {
    await submit(server, 'add', { ...goodForms.add, token: 'aWrongToken' });
    await submit(server, 'add');
    const { body } = await get(server.url, '/');
    expect(body).not.toMatch(/aWrongToken|theValueOfTheToken/);
  });

  it('changes its live part, and its tag, when something has happened', async () => {
    const before = await get(server.url, '/fragment');
    const again = await get(server.url, '/fragment');
    expect([before.status, again.headers.get('etag')]).toEqual([200, before.headers.get('etag')]);
    await post('Subject: News\n\nText');
    const after = await get(server.url, '/fragment');
    expect(after.headers.get('etag')).not.toBe(before.headers.get('etag'));
    expect(after.body).toContain('News');
    const url = `${server.url}/fragment`;
    const unchanged = await fetch(url, { headers: { 'if-none-match': after.headers.get('etag') ?? '' } });
    expect([unchanged.status, await unchanged.text()]).toEqual([304, '']);
  });

  it('is reachable through the side door while the server is offline', async () => {
    await server.offline();
    expect((await get(server.sideUrl, '/')).body).toContain('<p class="state offline">');
  });

  it('shows the beginning of what was not kept, and of a long text', async () => {
    await server.stop();
    server = await startGroupServer({ keepMessages: 'digest' });
    await post(`Subject: Long\r\n\r\n${'A line.\r\n'.repeat(20_000)}`);
    const { body } = await get(server.url, '/');
    expect(body).toContain('Only the first 64 KiB of this message are shown.');
    expect(body.length).toBeLessThan(40_000);
    expect((await get(server.url, '/posts/0/source')).status).toBe(500);
  });

  it.each([
    '',
    '\0\0\0',
    '\r\n\r\n',
    'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n--b',
  ])('shows the broken mail %j', async (mail) => {
    await post(`${mail}\n`);
    expect((await get(server.url, '/')).status).toBe(200);
    expect(server.posts).toHaveLength(1);
  });

  it('stands under a prefix of another server, too', async () => {
    await post('Subject: News\n\nText');
    const host = createServer((request, response) => {
      if (!webPage(server, request, response, '/group-server')) response.writeHead(418).end();
    });
    await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
    const address = host.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    const paths = ['/group-server/', '/group-server/page.js', '/group-server/posts/0/source', '/', '/group-server'];
    const answers = await Promise.all(paths.map((path) => get(url, path)));
    host.close();
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 418, 418]);
    // Relative, so that they hold under any prefix.
    expect(answers[0]?.body).not.toMatch(/(?:href|src)="\//);
  });
});

describe('hostile mail', () => {
  it('is text on the page, whichever part of it', async () => {
    await post(hostile);
    await submit(server, 'relay', { ...goodForms.relay, emailMessage: base64(hostile) });
    await submit(server, 'bounce', { ...goodForms.bounce, userEmail: EVIL });
    await get(server.url, '/<i>"onclick=');
    expect(server.requests.at(-1)?.path).toBe('/<i>"onclick=');
    for (const path of ['/', '/fragment']) {
      const { body } = await get(server.url, path);
      expect(body).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
      expect(body).toContain('&lt;script&gt;alert(5)&lt;/script&gt;');
      expect(body).not.toMatch(
        /<script(?! src="page\.js" defer>)|<img|<i>|<[^>]+ on[a-z]+=|href="(?!posts|relayed|page\.css|data:,)/i,
      );
    }
  });

  it('meets a policy that runs and loads nothing from it', async () => {
    await post(hostile);
    for (const path of [
      '/',
      '/fragment',
      '/page.js',
      '/page.css',
      '/posts/0/source',
      '/posts/0/attachments/0',
      '/posts/9/source',
    ]) {
      const { headers } = await get(server.url, path);
      const policy = headers.get('content-security-policy') ?? '';
      const directives = policy.split('; ');
      expect(directives).toEqual(
        expect.arrayContaining(["default-src 'none'", "script-src 'self'", "base-uri 'none'"]),
      );
      expect(policy).not.toMatch(/unsafe|\*/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it('leaves as a download of no type, under a name that cannot end the field', async () => {
    await post(hostile);
    const attachment = await get(server.url, '/posts/0/attachments/0');
    expect(attachment.body.trim()).toBe('<script>alert(6)</script>');
    expect(attachment.headers.get('content-type')).toBe('application/octet-stream');
    expect(attachment.headers.has('set-cookie')).toBe(false);
    expect(attachment.headers.get('content-disposition')).toBe(
      `attachment; filename="download"; filename*=UTF-8''..%2F%3Cscript%3E%0D%0ASet-Cookie%3A%20a%22b.html`,
    );
    const source = await get(server.url, '/posts/0/source');
    expect(source.body).toBe(hostile);
    expect(source.headers.get('content-disposition')).toContain('attachment;');
  });

  it.each(['/posts/1/source', '/posts/0/attachments/7', '/relayed/0/source'])('has nothing at %s', async (path) => {
    await post(hostile);
    expect((await get(server.url, path)).status).toBe(404);
  });
});

describe('the command line', () => {
  const main = new URL('../../infra/local/group-server/main.ts', import.meta.url).pathname;

  it('says in one line what is wrong with an option', () => {
    for (const [options, message] of [
      [['--generation', '1999'], '--generation is one of 2010, 2013, 2014\n'],
      [['--explode'], /^Unknown option '--explode'.*\n$/],
      [['--token-file', '/nowhere/token'], /^ENOENT.*\n$/],
    ] as const) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...options], { encoding: 'utf8' });
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(message);
    }
  });

  it('says when the port is taken', async () => {
    const taken = createSocketServer().listen(0, '127.0.0.1');
    await expect.poll(() => taken.address(), PATIENTLY).not.toBeNull();
    const address = taken.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const { status, stderr } = spawnSync(process.execPath, [main, '--port', String(port)], { encoding: 'utf8' });
    taken.close();
    expect([status, stderr]).toEqual([2, expect.stringContaining('EADDRINUSE')]);
  });
});
