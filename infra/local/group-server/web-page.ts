/**
 * Serves the web page of the reference GroupServer: the page, its live part, script and style, and the attachments and
 * sources of mail as downloads. Hostile mail must not run anything: no inline script or style, nothing from elsewhere,
 * no framing, and what came in a mail only ever leaves as escaped text or as a download of no type. Only for browsers of
 * this machine: the Host has to be a loopback name.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isByLoopbackName } from './loopback-name.ts';
import type { GroupServer } from './record.ts';
import { attachmentOf } from './shown-mail.ts';
import { groupServerView, pageAround } from './web-page-view.ts';

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const SAFE = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

interface Reply {
  type: string;
  body: Buffer | string;
  /** Makes it a download with this name. */
  download?: string;
}

const DOWNLOAD = /^\/(posts|relayed)\/(\d+)\/(?:source|attachments\/(\d+))$/;

/**
 * Takes the request if it is for the web page; false leaves it to others.
 * `prefix` is the path under which the page stands, without a slash at its end.
 */
export function webPage(server: GroupServer, request: IncomingMessage, response: ServerResponse, prefix = ''): boolean {
  const [path = ''] = (request.url ?? '').split('?', 1);
  if (request.method !== 'GET' || !path.startsWith(`${prefix}/`)) return false;
  const making = replyTo(server, path.slice(prefix.length));
  if (!making) return false;
  making.then(
    (reply) => (isByLoopbackName(request) ? send(request, response, reply) : response.writeHead(403, SAFE).end()),
    () => response.writeHead(500, SAFE).end(),
  );
  return true;
}

/** The reply to come, which is undefined when the thing does not exist; undefined at once when nothing stands there. */
function replyTo(server: GroupServer, path: string): Promise<Reply | undefined> | undefined {
  if (path === '/') return groupServerView(server).then((main) => html(pageAround(main)));
  if (path === '/fragment') return groupServerView(server).then(html);
  if (path === '/page.js') return fileReply('web-page-script.js', 'text/javascript; charset=utf-8');
  if (path === '/page.css') return fileReply('web-page-style.css', 'text/css; charset=utf-8');
  const [, list, index, attachment] = DOWNLOAD.exec(path) ?? [];
  if (list === undefined) return undefined;
  return download(server[list === 'posts' ? 'posts' : 'relayed'][Number(index)], Number(index), attachment);
}

function html(body: string): Reply {
  return { type: 'text/html; charset=utf-8', body };
}

async function fileReply(name: string, type: string): Promise<Reply> {
  return { type, body: await readFile(new URL(name, import.meta.url)) };
}

async function download(
  item: GroupServer['posts' | 'relayed'][number] | undefined,
  index: number,
  attachment: string | undefined,
): Promise<Reply | undefined> {
  if (!item) return undefined;
  const type = 'application/octet-stream';
  if (attachment === undefined) return { type, body: await item.message.bytes(), download: `message-${index}.eml` };
  const file = await attachmentOf(item.message, Number(attachment));
  return file && { type, body: file.content, download: file.name };
}

function send(request: IncomingMessage, response: ServerResponse, reply: Reply | undefined): void {
  if (!reply) {
    response.writeHead(404, SAFE).end();
    return;
  }
  const body = Buffer.from(reply.body);
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, { ...SAFE, etag }).end();
    return;
  }
  const disposition = reply.download === undefined ? {} : { 'content-disposition': asDownload(reply.download) };
  const headers = { ...SAFE, ...disposition, 'content-type': reply.type, 'content-length': body.length, etag };
  response.writeHead(200, headers).end(body);
}

/** RFC 6266 and RFC 8187, so that no name from a mail can end the header field or name a folder. */
function asDownload(name: string): string {
  const escaped = encodeURIComponent(name.toWellFormed()).replace(
    /['()*!]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="download"; filename*=UTF-8''${escaped}`;
}
