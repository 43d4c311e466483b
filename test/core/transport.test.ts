/**
 * What a transport owes the core beside the scenarios: connections that come free again, and no success for a request
 * that was not sent whole.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { deliver } from '../../functions/core/deliver.ts';
import { statusLine } from '../../functions/core/delivery-status.ts';
import { groupServer } from '../../functions/core/groupserver.ts';
import { messageOf } from '../../functions/core/message.ts';
import type { Post } from '../../functions/core/transport.ts';
import { undiciTransport } from '../../functions/ses2gs/undici-transport.ts';
import { httpTransport } from '../../functions/smtp2gs/http-transport.ts';
import { startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { groupAddress, plainMail, token } from '../scenarios.ts';

const transports: [string, () => Post][] = [
  ['node:http', () => httpTransport({ insecure: false, maxSockets: 1 })],
  ['undici', () => undiciTransport()],
];

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

const startServer = async () => {
  const server = await startGroupServer();
  cleanUps.push(() => server.stop());
  return server;
};

/** A server that does with a connection what it is told. */
async function rawServer(serve: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    serve(socket);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  cleanUps.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}

const successPage = '<div id="gs-content-form-base-message" class="alert alert-info"><p>Done</p></div>';

describe.each(transports)('a transport made of %s', (_, make) => {
  const deliverTo = async (url: string, post: Post, mail = Buffer.from(plainMail), seconds = 20) => {
    const { status } = await deliver({
      message: messageOf(mail),
      envelope: { recipient: groupAddress, list: 'example_group' },
      groupServer: groupServer({ site: new URL(url), token, timeSource: 'server', post }),
      relayPrefix: 'p-',
      maxSize: 1024 ** 3,
      signal: AbortSignal.timeout(seconds * 1000),
    });
    return statusLine(status).slice(0, 5);
  };

  it('has its connection free again after answers that nobody read', async () => {
    const { url, faults } = await startServer();
    const post = make();
    faults.next({ kind: 'status', status: 503, body: 'x'.repeat(200_000) }, { times: 3 });
    faults.next({ kind: 'redirect', status: 303, location: '/' });
    for (const code of ['4.5.0', '4.5.0', '4.5.0', '4.4.4', '2.0.0']) expect(await deliverTo(url, post)).toBe(code);
  });

  it('does not wait for the end of an answer whose status says enough', async () => {
    const url = await rawServer((socket) =>
      socket.once('data', () => socket.write('HTTP/1.1 503 Busy\r\nContent-Length: 1000\r\n\r\nbusy')),
    );
    expect(await deliverTo(url, make(), undefined, 5)).toBe('4.5.0');
  });

  it('takes an answer that comes before a large mail is sent, and stops sending', async () => {
    const { url, faults } = await startServer();
    faults.next({ kind: 'early-answer', status: 503 });
    expect(['4.5.0', '4.4.2']).toContain(await deliverTo(url, make(), Buffer.alloc(20_000_000, 'x\n')));
  });

  it('takes no success for a mail that was not sent whole', async () => {
    const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${successPage.length}\r\n\r\n${successPage}`;
    // Answers at once, reads nothing more, and closes a little later.
    const url = await rawServer((socket) =>
      socket.once('data', () => {
        socket.pause().write(answer);
        setTimeout(() => socket.destroy(), 300);
      }),
    );
    expect(await deliverTo(url, make(), Buffer.alloc(20_000_000, 'x\n'))).toBe('4.4.2');
  });

  it('waits for a slow reader without holding the mail in memory', async () => {
    const size = 160 * 1024 * 1024;
    let received = 0;
    const url = await rawServer((socket) => {
      socket.on('data', (piece) => {
        received += piece.length;
        socket.pause();
        setTimeout(() => socket.resume(), 1);
        if (received > (size * 4) / 3)
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${successPage.length}\r\n\r\n${successPage}`);
      });
    });
    const before = process.memoryUsage().rss;
    const piece = Buffer.alloc(36 * 1024, 'x\n');
    const { status } = await deliver({
      message: {
        size,
        *read() {
          for (let left = size; left > 0; left -= piece.length) yield piece.subarray(0, left);
        },
      },
      envelope: { list: 'example_group' },
      groupServer: groupServer({ site: new URL(url), token, timeSource: 'server', post: make() }),
      relayPrefix: 'p-',
      maxSize: size,
      signal: AbortSignal.timeout(60_000),
    });
    expect(status.code).toBe('2.0.0');
    expect(process.memoryUsage().rss - before).toBeLessThan(size / 1.5);
  });
});
