/**
 * What each fault does to a request, at one of three points: before the body is read, instead of the work, or to the
 * answer after the work. Faults that need bytes which no HTTP library sends write to the socket themselves.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type Answer, headOf, htmlAnswer, send, wireFormOf } from './answer.ts';
import type { Fault } from './fault.ts';

/** One request that is being answered. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  /** RST, below TLS if need be. */
  reset: () => void;
  /** Aborted when the server goes offline or stops. */
  signal: AbortSignal;
}

const NOT_HTTP = '\u0000\u0001SSH-2.0-this is not HTTP\r\n\r\n';

/** True when the fault has taken the request over before its body was read. */
export function spoilBeforeBody(fault: Fault, { request, response, reset }: Exchange): boolean {
  if (fault.kind === 'early-answer') {
    const { head, body } = wireFormOf(plainAnswer(fault.status));
    request.pause();
    response.socket?.end(Buffer.concat([head, body]));
    // Long enough for the answer to be read before the rest of the request meets a closed socket.
    setTimeout(() => request.socket.destroy(), 100);
    return true;
  }
  if ((fault.kind !== 'reset' && fault.kind !== 'hang') || (fault.when !== 'after-head' && fault.when !== 'at-once')) {
    return false;
  }
  if (fault.kind === 'reset') reset();
  else request.pause();
  return true;
}

/** The answer that stands in for the work, `lost` when there will be none, undefined when the work is to be done. */
export function insteadOfWork(
  fault: Fault,
  { request: { socket }, reset }: Exchange,
  refuse: (labels: readonly string[]) => Answer,
): Answer | 'lost' | undefined {
  switch (fault.kind) {
    case 'status':
      return withHeaders(plainAnswer(fault.status, fault.body), fault.headers);
    case 'body':
      return withHeaders(htmlAnswer(fault.body, fault.status), fault.headers);
    case 'redirect':
      return withHeaders(plainAnswer(fault.status), fault.location === undefined ? {} : { location: fault.location });
    case 'refused-form':
      return refuse(fault.labels);
    case 'empty':
      return htmlAnswer('');
    case 'huge':
      return fault.box ? undefined : htmlAnswer('');
    case 'garbage':
      socket.write(Buffer.from(fault.bytes ?? NOT_HTTP, 'latin1'));
      socket.destroySoon();
      return 'lost';
    case 'close':
      socket.destroySoon();
      return 'lost';
    case 'reset':
    case 'hang':
      if (fault.when === 'mid-answer') return undefined;
      if (fault.kind === 'reset') reset();
      return 'lost';
    case 'accept-then-lose':
    case 'chunked':
    case 'compressed':
    case 'delay':
    case 'drip':
    case 'early-answer':
    case 'informational':
    case 'truncate':
    case 'wrong-length':
      return undefined;
  }
}

/** Sends the answer the way the fault has it, if it has one; true when the client got one whole, correct answer. */
export async function sendSpoilt(fault: Fault, exchange: Exchange, answer: Answer): Promise<boolean> {
  const { response, reset, signal } = exchange;
  const { socket } = exchange.request;
  const { head, body } = wireFormOf(answer);
  const half = Buffer.concat([head, body.subarray(0, body.length >> 1)]);
  switch (fault.kind) {
    case 'reset':
    case 'hang':
      socket.write(half);
      if (fault.kind === 'hang') return false;
      // RST overtakes what has not been read yet: let the half arrive.
      await sleep(25, undefined, { signal });
      reset();
      return false;
    case 'truncate':
      socket.write(fault.chunked ? firstChunkOf(answer) : half);
      socket.destroySoon();
      return false;
    case 'wrong-length':
      await pour(socket, [head, body, Buffer.alloc(fault.extra ?? 100, 'x')]);
      return false;
    case 'drip':
      return await pour(socket, drops(Buffer.concat([head, body]), fault.bytesPerSecond, signal));
    case 'huge':
      return await pour(socket, hugeAnswer(fault.bytes, fault.box, body));
    case 'accept-then-lose':
      reset();
      return false;
    case 'informational':
      response.writeEarlyHints({ link: '</gs-site.css>; rel=preload; as=style' });
      send(response, answer);
      return true;
    case 'chunked':
      response.writeHead(answer.status, answer.headers).write(body.subarray(0, body.length >> 1));
      response.end(body.subarray(body.length >> 1));
      return true;
    case 'compressed':
      send(response, {
        ...answer,
        headers: { ...answer.headers, 'content-encoding': 'gzip' },
        body: gzipSync(answer.body),
      });
      return true;
    case 'body':
    case 'close':
    case 'delay':
    case 'early-answer':
    case 'empty':
    case 'garbage':
    case 'redirect':
    case 'refused-form':
    case 'status':
      send(response, answer);
      return true;
  }
}

function firstChunkOf({ status, headers, body }: Answer): Buffer {
  const half = body.subarray(0, body.length >> 1);
  const head = headOf(status, { ...headers, 'transfer-encoding': 'chunked' });
  return Buffer.concat([head, Buffer.from(`${half.length.toString(16)}\r\n`), half, Buffer.from('\r\n')]);
}

function plainAnswer(status: number, body = `<html><body><h1>${status}</h1></body></html>`): Answer {
  // These have no body in HTTP.
  return htmlAnswer(status === 204 || status === 304 ? '' : body, status);
}

function withHeaders(answer: Answer, headers: Record<string, string> = {}): Answer {
  const added = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return { ...answer, headers: { ...answer.headers, ...Object.fromEntries(added) } };
}

async function* drops(bytes: Buffer, perSecond: number, signal: AbortSignal) {
  const size = Math.max(1, Math.floor(perSecond / 20));
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size);
    await sleep((size * 1000) / perSecond, undefined, { signal });
  }
}

function* hugeAnswer(bytes: number | 'endless', box: 'first' | 'last' | undefined, real: Buffer) {
  const length = bytes === 'endless' ? {} : { 'content-length': String(bytes + real.length) };
  const padding = Buffer.alloc(64 * 1024, '<p>All work and no play makes a long page.</p>\n');
  yield headOf(200, { 'content-type': 'text/html; charset=UTF-8', ...length });
  if (box === 'first') yield real;
  for (let left = bytes === 'endless' ? Number.POSITIVE_INFINITY : bytes; left > 0; left -= padding.length) {
    yield padding.subarray(0, Math.min(left, padding.length));
  }
  if (box === 'last') yield real;
}

/** Writes no faster than the client reads, then closes; false when the client is gone before the end. */
async function pour(socket: Socket, pieces: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<boolean> {
  for await (const piece of pieces) {
    if (socket.destroyed) return false;
    if (socket.write(piece)) continue;
    await new Promise<void>((resolve) => {
      const goOn = () => {
        socket.off('drain', goOn).off('close', goOn);
        resolve();
      };
      socket.on('drain', goOn).on('close', goOn);
    });
  }
  const whole = !socket.destroyed;
  socket.destroySoon();
  return whole;
}
