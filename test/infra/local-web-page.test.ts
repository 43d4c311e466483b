/** The web page of the local stack: what it shows, and who may press its buttons. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { SESClient, SendBounceCommand } from '@aws-sdk/client-ses';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { clientConfig } from '../../infra/local/aws.ts';
import { type Stack, startStack } from '../../infra/local/stack.ts';
import { startWebPage } from '../../infra/local/web-page.ts';

/** A function that prints what it is given and leaves every mail in the queue for an hour of real time. */
const standIn = `export const handler = async ({ Records }) => {
  for (const { body } of Records) console.log(JSON.stringify({ level: 'INFO', message: JSON.parse(body).mail.commonHeaders.subject, note: '<i>' }));
  return { batchItemFailures: Records.map(({ messageId }) => ({ itemIdentifier: messageId })) };
};`;

let bundle: string;
let stack: Stack;
let page: Awaited<ReturnType<typeof startWebPage>>;

beforeEach(async () => {
  bundle = mkdtempSync(join(tmpdir(), 'smtp2gs-page-'));
  writeFileSync(join(bundle, 'index.mjs'), standIn);
  stack = await startStack({ bundle });
  page = await startWebPage(stack);
});
afterEach(async () => {
  await page.stop();
  await stack.stop();
  rmSync(bundle, { recursive: true });
});

/** One request, with any headers: fetch would not send a Host or Origin of ours. */
async function ask(path: string, options: { method?: string; headers?: Record<string, string>; body?: string } = {}) {
  const { hostname, port } = new URL(page.url);
  const outgoing = request({ hostname, port, path, method: options.method ?? 'GET', headers: options.headers ?? {} });
  const response = new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
  });
  outgoing.end(options.body);
  const { statusCode, headers } = await response;
  return { status: statusCode, headers, body: await text(await response) };
}
const press = (body: string, origin = page.url.slice(0, -1)) =>
  ask('/do', { method: 'POST', body, headers: { origin, 'content-type': 'application/x-www-form-urlencoded' } });
const hostile = '</pre><script>alert(1)</script>"\'';

test('it shows what is queued with its next try, the log, and the bounce mailbox, and lets nothing run', async () => {
  const from = { name: hostile, address: 'ada@example.com' };
  const messageId = await stack.send({ from, to: 'example_group@groups.example.com', subject: hostile, text: hostile });
  await stack.settled();
  const ses = new SESClient(clientConfig(stack.awsUrl));
  await ses.send(
    new SendBounceCommand({
      OriginalMessageId: messageId,
      BounceSender: 'mailer-daemon@groups.example.com',
      BouncedRecipientInfoList: [{ Recipient: 'example_group@groups.example.com', BounceType: 'DoesNotExist' }],
    }),
  );
  ses.destroy();
  const { status, headers, body } = await ask('/');
  expect(status).toBe(200);
  expect(headers['content-security-policy']).toContain("default-src 'none'");
  expect(body).not.toContain('<script>alert');
  expect(body).not.toContain('<i>');
  expect(body).toContain('&lt;script&gt;alert(1)');
  expect(body).toMatch(/1 try, next in 18 min/);
  const [, bounce = ''] = /href="(bounces\/[^"]+)"/.exec(body) ?? [];
  expect((await ask(`/${bounce}`)).body).toContain('Final-Recipient: rfc822; example_group@groups.example.com');
});

test('its live part changes only when something has changed', async () => {
  const first = await ask('/fragment');
  const etag = String(first.headers.etag);
  expect((await ask('/fragment', { headers: { 'if-none-match': etag } })).status).toBe(304);
  await stack.groupServer.offline();
  const changed = await ask('/fragment', { headers: { 'if-none-match': etag } });
  expect(changed.body).toContain('Switch GroupServer on');
});

test('its style and script, and the pages of the GroupServers below it, are there', async () => {
  for (const path of ['/page.css', '/page.js', '/groups/0/', '/groups/0/page.css'])
    expect((await ask(path)).status).toBe(200);
  for (const path of ['/groups/1/', '/bounces/1', '/nobody']) expect((await ask(path)).status).toBe(404);
});

test('the buttons switch the GroupServer and the delivery, and turn the clock', async () => {
  expect((await press('do=group-server&site=0&value=off')).status).toBe(303);
  expect(stack.groupServer.isOnline).toBe(false);
  await press('do=group-server&site=0&value=on');
  expect(stack.groupServer.isOnline).toBe(true);
  await press('do=delivery&value=off');
  expect(stack.mapping.enabled()).toBe(false);
  await press('do=delivery&value=on');
  expect(stack.mapping.enabled()).toBe(true);
  await press('do=clock&value=60');
  expect(stack.clock.offset).toBe(3_600_000);
  await press('do=clock&value=-1');
  expect(stack.clock.offset).toBe(3_600_000);
});

test('a page from elsewhere can neither press the buttons nor read', async () => {
  expect((await press('do=group-server&site=0&value=off', 'http://evil.example')).status).toBe(403);
  expect((await press('do=group-server&site=0&value=off', 'null')).status).toBe(403);
  const rebound = { host: 'evil.example', origin: 'http://evil.example' };
  expect(
    (await ask('/do', { method: 'POST', headers: rebound, body: 'do=group-server&site=0&value=off' })).status,
  ).toBe(403);
  expect((await ask('/', { headers: { host: 'evil.example' } })).status).toBe(403);
  expect(stack.groupServer.isOnline).toBe(true);
  await vi.waitFor(async () => expect((await fetch(stack.awsUrl)).status).toBe(403));
});
