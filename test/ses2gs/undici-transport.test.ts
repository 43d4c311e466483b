/** What is undici's own in the transport; that it does what every transport must do is told by the scenarios. */
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Answer, PostRequest } from '../../functions/core/transport.ts';
import { undiciTransport } from '../../functions/ses2gs/undici-transport.ts';
import { startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { makeCertificates } from '../certificates.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function listening(server: Server): Promise<URL> {
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  cleanUps.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address() as AddressInfo | string | null; // as its type says
  if (typeof address !== 'object' || address === null) throw new Error('no TCP server');
  return new URL(`http://127.0.0.1:${address.port}/`);
}

const request = (url: URL, body: PostRequest['body'] = () => [Buffer.from('text')], length = 4): PostRequest => ({
  url,
  headers: { 'content-type': 'text/plain' },
  length,
  body,
});
const patience = () => AbortSignal.timeout(20_000);

async function textOf(answer: Answer): Promise<string> {
  let text = '';
  for await (const piece of answer.body) text += Buffer.from(piece).toString();
  return text;
}

describe('the transport made of undici', () => {
  it('sends what a piece held when it was given, though its bytes are used again for the next', async () => {
    const url = await listening(
      createServer((incoming, response) => {
        const hash = createHash('sha256');
        incoming.on('data', (piece: Buffer) => {
          hash.update(piece);
          incoming.pause();
          setTimeout(() => incoming.resume(), 2);
        });
        incoming.on('end', () => response.end(hash.digest('hex')));
      }),
    );
    const pieces = 100;
    const piece = Buffer.alloc(48 * 1024);
    function* body() {
      for (let number = 0; number < pieces; number += 1) yield piece.fill(number);
    }
    const expected = createHash('sha256');
    for (const each of body()) expected.update(each);
    const answer = await undiciTransport()(request(url, body, pieces * piece.length), patience());
    expect(await textOf(answer)).toBe(expected.digest('hex'));
  });

  it('keeps a connection for the next request, but not over a pause in which the process was frozen', async () => {
    const server = createServer((incoming, response) => incoming.resume().on('end', () => response.end('done')));
    let connections = 0;
    server.on('connection', () => {
      connections += 1;
    });
    const url = await listening(server);
    const post = undiciTransport();
    for (let time = 0; time < 3; time += 1) await textOf(await post(request(url), patience()));
    expect(connections).toBe(1);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10_000 });
    await textOf(await post(request(url), patience()));
    expect(connections).toBe(2);
  });

  it('takes no more of an answer than is read', async () => {
    const total = 200 * 1024 * 1024;
    let written = 0;
    const url = await listening(
      createServer((incoming, response) => {
        const write = () => {
          while (written < total && !response.destroyed) {
            written += 65_536;
            if (!response.write(Buffer.alloc(65_536))) return;
          }
        };
        response.on('drain', write);
        incoming.resume().on('end', write);
      }),
    );
    const answer = await undiciTransport()(request(url), patience());
    let before = -1;
    const stands = () => {
      const same = before === written;
      before = written;
      return same;
    };
    await expect.poll(stands, { timeout: 10_000, interval: 300 }).toBe(true);
    expect(written).toBeLessThan(total / 4);
    answer.close();
  });

  it('adds no field of its own beside Host, Connection and Content-Length', async () => {
    const url = await listening(createServer(({ headers }, response) => response.end(Object.keys(headers).join(' '))));
    const fields = await textOf(await undiciTransport()(request(url), patience()));
    expect(fields.split(' ').toSorted()).toEqual(['connection', 'content-length', 'content-type', 'host']);
  });

  it('gives the answer as it came, compressed or not', async () => {
    const url = await listening(
      createServer((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip')),
    );
    expect(await textOf(await undiciTransport()(request(url), patience()))).toBe('no gzip');
  });

  it('trusts the authority that it is given, and no certificate that it does not know', async () => {
    const certificates = makeCertificates();
    cleanUps.push(() => certificates.remove());
    const server = await startGroupServer({ tls: certificates.good });
    cleanUps.push(() => server.stop());
    const url = new URL('/gs-group-messages-add-group-exists.html', server.url);
    await expect(undiciTransport()(request(url), patience())).rejects.toMatchObject({ kind: 'server-unreachable' });
    for (const options of [{ ca: certificates.ca }, { insecure: true }]) {
      const answer = await undiciTransport(options)(request(url), patience());
      expect(answer.status).toBe(200);
      answer.close();
    }
  });
});
