/**
 * The local stack is for this machine only: every socket on which it listens is on the loopback, and nothing that it
 * serves to browsers answers under another name (DNS rebinding) or to the page of somebody else.
 */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Stack, startStack } from '../../infra/local/stack.ts';
import { startWebPage } from '../../infra/local/web-page.ts';
import { descendants, listeningSockets } from './processes.ts';

let stack: Stack;
let page: Awaited<ReturnType<typeof startWebPage>>;
beforeAll(async () => {
  stack = await startStack();
  page = await startWebPage(stack);
  // The function's process has come up by then.
  await stack.send({
    from: 'ada@example.com',
    to: 'example_group@groups.example.com',
    subject: 'Secret tea',
    text: 'x',
  });
  await stack.settled();
});
afterAll(async () => {
  await page.stop();
  await stack.stop();
});

const sockets = () => [process.pid, ...descendants(process.pid)].flatMap(listeningSockets);

async function ask(port: number, method: string, path: string, headers: Record<string, string>, body = '') {
  const outgoing = request({ host: '127.0.0.1', port, method, path, headers });
  const answered = new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      text(incoming).then((whole) => resolve({ status: incoming.statusCode, body: whole }), reject);
    });
  });
  outgoing.end(body);
  return await answered;
}

describe('the local stack', () => {
  it('listens on the loopback only', () => {
    const found = sockets();
    // The first in hexadecimal, as the kernel has it, least byte first.
    expect(found.filter(({ address }) => address !== '0100007F')).toEqual([]);
    const ports = found.map(({ port }) => port);
    for (const port of [
      stack.smtpPort,
      stack.groupServer.port,
      Number(new URL(page.url).port),
      Number(new URL(stack.awsUrl).port),
    ])
      expect(ports).toContain(port);
  });

  it('shows no mail under another name, on no port and no path', async () => {
    const named = { host: 'evil.example' };
    for (const { port } of sockets()) {
      if (port === stack.smtpPort) continue;
      for (const path of [
        '/',
        '/fragment',
        '/_control',
        '/groups/0/',
        '/groups/0/fragment',
        '/2018-06-01/runtime/invocation/next',
      ]) {
        // The Runtime API keeps whoever asks for an event waiting.
        const answer = await Promise.race([ask(port, 'GET', path, named), sleep(500)]);
        expect([path, answer?.body.includes('Secret tea') ?? false]).toEqual([path, false]);
      }
    }
    expect((await ask(Number(new URL(page.url).port), 'GET', '/', { host: '127.0.0.1' })).body).toContain('Secret tea');
  });

  it.each([
    ['another site', { origin: 'http://evil.example' }],
    ['a sandboxed frame', { origin: 'null' }],
    ['nobody knows where', {}],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['a name that resolves to this machine', { host: 'evil.example', origin: 'http://evil.example' }],
  ])('takes no order from a page of %s', async (_, headers) => {
    const form = 'do=group-server&site=0&value=off';
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await ask(Number(new URL(page.url).port), 'POST', '/do', { ...type, ...headers }, form)).status).toBe(403);
    const order = JSON.stringify({ do: 'offline' });
    for (const url of [stack.groupServer.url, stack.groupServer.sideUrl]) {
      // What a page may send without asking first has another content type than JSON.
      const { status } = await ask(
        Number(new URL(url).port),
        'POST',
        '/_control',
        { 'content-type': 'text/plain', ...headers },
        order,
      );
      expect(status).toBeGreaterThanOrEqual(400);
    }
    expect(stack.groupServer.isOnline).toBe(true);
  });

  it('does nothing for a page with the emulated services of AWS', async () => {
    const port = Number(new URL(stack.awsUrl).port);
    for (const path of ['/', '/?Action=SendBounce', '/smtp2gs-mail?list-type=2']) {
      expect((await ask(port, 'GET', path, { host: 'evil.example' })).status).toBe(403);
      expect((await ask(port, 'POST', path, { origin: 'http://evil.example' }, 'Action=SendBounce')).status).toBe(403);
    }
  });
});
