/**
 * A GroupServer that only answers: `node server.ts KEY CERT [verify]` takes both requests of a delivery on http and https
 * and answers at once what the real one would, so that it costs as little of the measured time as it can. With `verify` it
 * reads each form by the reference GroupServer's parser, and `GET /` gives the SHA-256 of every mail that it was sent.
 * It prints its two ports as JSON and ends when its stdin does.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createMessageStore } from '../../infra/local/group-server/message-store.ts';
import { readForm } from '../../infra/local/group-server/read-form.ts';
import { listen } from '../../infra/local/listen.ts';

const [keyFile = '', certFile = '', mode] = process.argv.slice(2);

const found = Buffer.from(
  '{"email":"group@groups.example.com","siteId":"example","groupId":"example_group","siteURL":"https://groups.example.com"}',
);
const added = Buffer.from(
  '<!DOCTYPE html><html><body><div id="gs-content-form-base-message" class="alert alert-info" role="region"><p>Done</p></div></body></html>',
);

const store = createMessageStore('digest');
const digests: string[] = [];

function serve(request: IncomingMessage, response: ServerResponse): void {
  const isLookUp = request.url === '/gs-group-messages-add-group-exists.html';
  if (mode === 'verify') void verify(request, isLookUp, response).catch(() => request.destroy());
  else request.on('end', () => answer(isLookUp, response)).resume();
}

function answer(isLookUp: boolean, response: ServerResponse): void {
  const body = isLookUp ? found : added;
  const type = isLookUp ? 'application/json' : 'text/html; charset=utf-8';
  response.writeHead(200, { 'content-type': type, 'content-length': body.length }).end(body);
}

async function verify(request: IncomingMessage, isLookUp: boolean, response: ServerResponse): Promise<void> {
  if (request.method === 'GET') {
    response.end(JSON.stringify(digests));
    return;
  }
  const { message } = await readForm(request, store);
  if (message) digests.push(message.sha256);
  answer(isLookUp, response);
}

const options = { keepAliveTimeout: 60_000, requestTimeout: 0 };
const certificate = { key: readFileSync(keyFile), cert: readFileSync(certFile) };
const plain = await listen(createServer(options, serve));
const secure = await listen(createTlsServer({ ...options, ...certificate }, serve));
process.stdout.write(`${JSON.stringify({ http: plain.port, https: secure.port })}\n`);
process.stdin.resume().on('end', () => process.exit(0));
