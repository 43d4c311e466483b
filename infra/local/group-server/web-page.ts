/**
 * The web page of the reference GroupServer. (For now: a list of what arrived.)
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { escapeHtml } from './escape-html.ts';
import type { GroupServer } from './record.ts';

/** Takes the request if it is for the web page; false leaves it to others. */
export function webPage(server: GroupServer, request: IncomingMessage, response: ServerResponse): boolean {
  if (request.url !== '/' || request.method !== 'GET') return false;
  const rows = server.posts.map(({ groupId, message }) => `<li>${escapeHtml(groupId)}: ${message.size} bytes</li>`);
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'",
  });
  response.end(`<!DOCTYPE html><title>GroupServer</title><ul>${rows.join('')}</ul>`);
  return true;
}
