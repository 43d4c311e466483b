/**
 * Answers that are made to exhaust whoever reads them. Each is a stream of bytes for one connection, sent as fast as
 * they are read; most never end.
 */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

type Bytes = string | Buffer;
const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n';
const accepted = '<div id="form-message" class="ui-state-highlight">Done</div>';

function* endless(start: string, again: (count: number) => Bytes): Generator<Bytes> {
  yield start;
  for (let count = 0; ; count += 1) yield again(count);
}

const block = Buffer.alloc(64 * 1024, 'a');

type Answer = () => Iterable<Bytes> | AsyncIterable<Bytes>;

const answers: Readonly<Record<string, Answer>> = {
  'a page without end': () => endless(`${head}\r\n${accepted}`, () => block),
  'a page in gzip that would be 64 MiB': () => {
    const page = gzipSync(Buffer.concat([Buffer.from(accepted), Buffer.alloc(64 * 1024 * 1024, ' ')]));
    return [`${head}Content-Encoding: gzip\r\nContent-Length: ${page.length}\r\n\r\n`, page];
  },
  'a page without end in chunks': () =>
    endless(`${head}Transfer-Encoding: chunked\r\n\r\n`, () =>
      Buffer.concat([Buffer.from('10000\r\n'), block, Buffer.from('\r\n')]),
    ),
  'a tag without end': () => endless(`${head}\r\n<p title="`, () => block),
  'a page of many petabytes': () => endless(`${head}Content-Length: 9007199254740991\r\n\r\n${accepted}`, () => block),
  'a name without end': () => endless(`${head}\r\n<p `, () => block),
  'a status without end': () => endless('HTTP/1.1 200 ', () => block),
  'a header field without end': () => endless(`${head}X-Long: `, () => block),
  'header fields without end': () => endless(head, (count) => `X-${count}: ${'a'.repeat(1000)}\r\n`),
  'the name of a header field without end': () => endless(`${head}X`, () => block),
  'interim answers without end': () => endless('', () => 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(500)),
  'interim answers with fields without end': () =>
    endless(
      '',
      (count) => `HTTP/1.1 103 Early Hints\r\nLink: </${count}>; rel=preload\r\nX: ${'a'.repeat(8000)}\r\n\r\n`,
    ),
  'the length of a chunk without end': () =>
    endless(`${head}Transfer-Encoding: chunked\r\n\r\n`, () => Buffer.alloc(65536, '0')),
  'the extension of a chunk without end': () => endless(`${head}Transfer-Encoding: chunked\r\n\r\n5;x=`, () => block),
  'trailers without end': () =>
    endless(`${head}Transfer-Encoding: chunked\r\n\r\n0\r\n`, (count) => `X-${count}: ${'a'.repeat(1000)}\r\n`),
  'a header that comes byte by byte': async function* () {
    for (const byte of `${head}X-Slow: ${'a'.repeat(5000)}`) {
      yield byte;
      await sleep(50);
    }
  },
};

/** By what is wrong with them. Every second one answers a look-up, which is held; the others an add, read as it comes. */
export const wrongAnswers = Object.entries(answers).map(([what, answer], index) => ({
  what,
  answer,
  page: index % 2 === 0 ? ('look-up' as const) : ('add' as const),
}));

export interface WrongServer {
  readonly url: string;
  /** Connections over which something was asked; one that only tries whether the server is there is none. */
  readonly asked: () => number;
  stop(): Promise<void>;
}

/** Serves one such answer to every connection, as soon as it has asked for something. */
export async function startWrongServer(answer: Answer): Promise<WrongServer> {
  const sockets = new Set<Socket>();
  let asked = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.once('data', () => {
      asked += 1;
      void pour(socket, answer());
    });
    socket.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP server');
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked: () => asked,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Writes no faster than the other side reads. */
async function pour(socket: Socket, bytes: Iterable<Bytes> | AsyncIterable<Bytes>): Promise<void> {
  for await (const piece of bytes) {
    if (socket.destroyed) return;
    if (socket.write(piece)) continue;
    await new Promise<void>((resolve) => {
      const goOn = () => {
        socket.off('drain', goOn).off('close', goOn);
        resolve();
      };
      socket.on('drain', goOn).on('close', goOn);
    });
  }
}
