/**
 * The transport of the Lambda: connections kept by undici. Deadlines come by the signal alone, redirects are not
 * followed, bodies not decompressed. It tells what goes wrong as the seam demands (core/transport.ts).
 */
import { Readable } from 'node:stream';
import { Agent, type Dispatcher } from 'undici';
import { type Answer, connectionFailure, connectTimeout, type Post, type PostRequest } from '../core/transport.ts';

export interface UndiciTransportOptions {
  /** PEM; instead of the well-known certificate authorities. */
  readonly ca?: string;
  /** Takes any certificate. */
  readonly insecure?: boolean;
}

/** Milliseconds. An idle connection is closed before the server does it under our feet. */
const idleTimeout = 4000;

/** Makes a transport; it lives as long as its process. */
export function undiciTransport({ ca, insecure = false }: UndiciTransportOptions = {}): Post {
  const newAgent = () =>
    new Agent({
      // Mail is delivered one after another; a pool would open a second connection for what follows an answer at once.
      connections: 1,
      allowH2: false,
      keepAliveTimeout: idleTimeout,
      keepAliveMaxTimeout: idleTimeout,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: {
        timeout: connectTimeout * 1000,
        rejectUnauthorized: !insecure,
        ...(ca === undefined ? {} : { ca }),
      },
    });
  let agent = newAgent();
  let usedAt = Date.now();
  // Between invocations Lambda freezes the process and its timers with it; only the clock tells that a connection is old.
  const freshAgent = () => {
    if (Date.now() - usedAt > idleTimeout) {
      void agent.close();
      agent = newAgent();
    }
    usedAt = Date.now();
    return agent;
  };
  return (request, signal) => send(freshAgent(), request, signal, () => (usedAt = Date.now()));
}

function send(agent: Agent, request: PostRequest, signal: AbortSignal, ended: () => void): Promise<Answer> {
  const { url, headers, length } = request;
  return new Promise((resolve, reject) => {
    // Known as soon as the connection stands.
    let exchange: Dispatcher.DispatchController | undefined;
    let body: Readable | undefined;
    let sent = 0;
    const end = () => {
      signal.removeEventListener('abort', stop);
      ended();
    };
    const fail = (cause: unknown) => {
      end();
      const failure = connectionFailure(cause, exchange !== undefined, url, signal);
      reject(failure);
      body?.destroy(failure);
      exchange?.abort(failure);
    };
    const stop = () => fail(signal.reason);
    /** undici may keep a piece after it has asked for the next, which is not allowed with ours. */
    async function* copies(): AsyncGenerator<Uint8Array> {
      for await (const piece of request.body()) {
        sent += piece.length;
        yield Buffer.from(piece);
      }
    }
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop);
    agent.dispatch(
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method: 'POST',
        headers: { ...headers, 'content-length': String(length) },
        body: Readable.from(copies(), { objectMode: false }),
      },
      {
        onRequestStart(controller) {
          exchange = controller;
          if (signal.aborted) controller.abort(new Error('stopped'));
        },
        onResponseStart(controller, status, fields) {
          // 1xx: the answer is still to come.
          if (status < 200) return;
          const answer = answerBody(controller);
          body = answer;
          resolve({ status, headers: firstValues(fields), body: answer, close: () => answer.destroy() });
        },
        onResponseData(controller, piece) {
          if (body?.push(piece) === false) controller.pause();
        },
        onResponseEnd() {
          // What was answered before it had been sent cannot have been accepted.
          if (sent < length) return fail(new Error('answered before the request was sent'));
          end();
          body?.push(null);
        },
        onResponseError: (_controller, error) => fail(error),
      },
    );
  });
}

/** Makes the body of an answer; one that is left before its end takes its connection along. */
function answerBody(controller: Dispatcher.DispatchController): Readable {
  const body = new Readable({
    read: () => controller.resume(),
    destroy(error, done) {
      // Does nothing where the answer is complete.
      controller.abort(error ?? new Error('nobody reads the answer'));
      done(error);
    },
  });
  // Nobody listens while nobody reads; who reads is told.
  body.on('error', () => undefined);
  return body;
}

function firstValues(fields: Readonly<Record<string, string | string[] | undefined>>): Answer['headers'] {
  const values = Object.entries(fields).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]);
  return Object.fromEntries(values);
}
