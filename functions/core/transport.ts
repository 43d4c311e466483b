/**
 * The one seam to HTTP: a POST whose body has a known length, and its answer. The command brings one made of
 * `node:http(s)` or of Bun's `fetch`, the Lambda one made of an `undici` pool. A transport knows no pages, follows no
 * redirect, adds no header of its own but Host, Connection, Content-Length, and at most Accept and User-Agent, and fails
 * in two ways only: see {@link connectionFailure}.
 */
import { DeliveryFailure } from './delivery-status.ts';
import type { Bytes } from './message.ts';

export interface PostRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of the body. */
  readonly length: number;
  /** Gives the body from its first byte; each piece is valid until the next is asked for. */
  body(): Bytes;
}

export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Throws `connection-lost` when it ends before its announced length, or before the request was sent whole. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Gives up what has not been read, and the connection with it; does nothing after the end. Everybody has to call it. */
  close(): void;
}

/**
 * Sends a request and gives its answer as soon as the header of the answer is there, even if the body of the request
 * is not sent whole by then. Rejects with a DeliveryFailure; one thrown by `request.body()` comes out unchanged.
 */
export type Post = (request: PostRequest, signal: AbortSignal) => Promise<Answer>;

/** Seconds that a transport waits for a connection, TLS session included. */
export const connectTimeout = 10;

/**
 * Tells a connection that never stood (`server-unreachable`) from one that was lost (`connection-lost`).
 * A DeliveryFailure is passed on: then the body of the request could not be read.
 */
export function connectionFailure(cause: unknown, connected: boolean, url: URL, signal: AbortSignal): DeliveryFailure {
  if (cause instanceof DeliveryFailure) return cause;
  const what = signal.aborted ? abortReason(signal) : reasonOf(cause);
  return connected
    ? new DeliveryFailure('connection-lost', `POST ${url.pathname} to ${url.host}: ${what}`, { cause })
    : new DeliveryFailure('server-unreachable', `${url.host}: ${what}`, { cause });
}

function abortReason(signal: AbortSignal): string {
  const reason: unknown = signal.reason;
  return reason instanceof Error && reason.name === 'TimeoutError' ? 'no answer within the deadline' : 'stopped';
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown error';
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
  // A host with several addresses fails with an AggregateError, whose own message is empty.
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0]);
  return code && !cause.message.includes(code) ? `${code} ${cause.message}` : cause.message || cause.name;
}
