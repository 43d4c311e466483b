/**
 * The web page of the local stack: one page for the whole way of a mail, kept up to date by the script of the reference
 * GroupServer's page. Only for this machine: the Host has to be a loopback name, and a button works only on the page's
 * own Origin. No inline script or style, so that hostile mail runs nothing even where escaping should fail.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { isByLoopbackName } from './group-server/loopback-name.ts';
import { webPage } from './group-server/web-page.ts';
import { listen } from './listen.ts';
import type { Stack } from './stack.ts';
import { carryOut } from './web-page-actions.ts';
import { pageAround, stackView } from './web-page-view.ts';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const safe = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  // The Origin of a button's request would be hidden by no-referrer, and it is what tells our page from another.
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

const file = (name: string) => readFileSync(new URL(name, import.meta.url));
const style = Buffer.concat([file('group-server/web-page-style.css'), file('web-page-style.css')]);
const script = file('group-server/web-page-script.js');

/** Serves the page of a stack; any free port when none is given. */
export async function startWebPage(stack: Stack, port?: number): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = createServer((request, response) => {
    serve(stack, request, response).catch(() => request.socket.destroy());
  });
  const { port: opened, stop } = await listen(server, port);
  return { url: `http://127.0.0.1:${opened}/`, stop };
}

async function serve(stack: Stack, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, headers } = request;
  const [path = '/'] = (request.url ?? '').split('?', 1);
  const reply = (status: number, type: string, body: Buffer | string, more: Record<string, string> = {}) =>
    void response.writeHead(status, { ...safe, 'content-type': type, ...more }).end(body);

  if (!isByLoopbackName(request)) return reply(403, 'text/plain', 'Only for this machine.\n');
  if (method === 'POST' && path === '/do') {
    if (headers.origin !== `http://${headers.host}`) return reply(403, 'text/plain', 'Only from the page itself.\n');
    await carryOut(stack, new URLSearchParams(await text(request)));
    response.writeHead(303, { ...safe, location: '/' }).end();
    return;
  }
  if (method !== 'GET') return reply(405, 'text/plain', 'GET\n');

  const [, site] = /^\/groups\/(\d+)\//.exec(path) ?? [];
  const groupServer = site === undefined ? undefined : stack.sites[Number(site)]?.server;
  if (groupServer && webPage(groupServer, request, response, `/groups/${site}`)) return;

  const [, bounceId] = /^\/bounces\/([0-9a-f-]+)$/.exec(path) ?? [];
  const bounce = stack.bounces().find(({ id }) => id === bounceId);
  if (bounce) {
    const disposition = { 'content-disposition': `attachment; filename="bounce-${bounce.id}.eml"` };
    return reply(200, 'application/octet-stream', Buffer.from(bounce.mail, 'latin1'), disposition);
  }
  if (path === '/page.css') return reply(200, 'text/css; charset=utf-8', style);
  if (path === '/page.js') return reply(200, 'text/javascript; charset=utf-8', script);
  if (path === '/') return reply(200, 'text/html; charset=utf-8', pageAround(await stackView(stack)));
  if (path === '/fragment') {
    const body = await stackView(stack);
    const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
    if (headers['if-none-match'] !== etag) return reply(200, 'text/html; charset=utf-8', body, { etag });
    response.writeHead(304, { ...safe, etag }).end();
    return;
  }
  reply(404, 'text/plain', 'There is no such page.\n');
}
