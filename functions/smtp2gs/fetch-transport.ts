/**
 * The transport of small mails in the standalone artefact: Bun's own `fetch`, which is there at once, while `node:http`
 * takes a third of the time of such a delivery to load and to warm up. A fetch tells neither when its connection stood
 * nor when its request was sent: the first is asked of the error, or of a second connection where there is no answer for
 * long, and the second matters to large mails only, which go by {@link httpTransport}, as everything does in Node.
 */
import type { Socket } from 'node:net';
import { type Answer, connectionFailure, connectTimeout, type Post, type PostRequest } from '../core/transport.ts';
import { type HttpTransportOptions, httpTransport } from './http-transport.ts';
import { codeOf } from './input-file.ts';
import { version } from './version.ts';

/** Bytes. What fits into the buffers of a socket goes out whole, whatever the server makes of its beginning. */
const smallMail = 48 * 1024;

/** Milliseconds without an answer after which a second connection is tried. */
const probeAfter = 1500;

/** Codes of connections that never stood: of the system, of a name that was not found, of TLS. */
const neverStood = /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|E(HOST|NET)UNREACH|ETIMEDOUT|EPROTO)$|CERT|SIGNATURE|ISSUER|TLS/;

/** Makes the transport that suits a mail of so many bytes. */
export function transportFor(mailSize: number, options: HttpTransportOptions): Post {
  return typeof Bun === 'undefined' || mailSize > smallMail ? httpTransport(options) : fetchTransport(options);
}

function fetchTransport({ ca, insecure }: HttpTransportOptions): Post {
  // Bun's fetch would take a proxy from the environment, which node:http does not.
  process.env['NO_PROXY'] = '*';
  const fixed = {
    method: 'POST',
    // The answer as it comes: neither followed nor unpacked.
    redirect: 'manual',
    decompress: false,
    tls: { ...(ca === undefined ? {} : { ca }), rejectUnauthorized: !insecure },
  } as const;
  const answering = new Set<string>();
  return async (request, signal) => {
    const { url } = request;
    // Bun would name itself, which tells nobody who reads the log of the site what asked.
    const headers = { ...request.headers, 'user-agent': `smtp2gs/${version}` };
    const second = answering.has(url.origin) ? undefined : secondConnection(url);
    try {
      const body = await wholeBody(request);
      const either = second ? AbortSignal.any([signal, second.failed]) : signal;
      const response = await fetch(withoutCredentials(url), { ...fixed, headers, body, signal: either });
      answering.add(url.origin);
      return answerOf(response, url, signal);
    } catch (cause) {
      const stood = !neverStood.test(codeOf(cause)) && (second === undefined || second.stands());
      throw connectionFailure(second?.failed.aborted ? second.failed.reason : reworded(cause), stood, url, signal);
    } finally {
      second?.end();
    }
  };
}

interface SecondConnection {
  /** Aborted when the server took none within the time that there is for a connection. */
  readonly failed: AbortSignal;
  /** Whether it could be made, or was not needed. */
  stands(): boolean;
  end(): void;
}

/** Tells whether a server takes connections at all, when there is no answer for a while; nothing is sent over it. */
function secondConnection({ hostname, port, protocol }: URL): SecondConnection {
  const failure = new AbortController();
  let socket: Socket | undefined;
  let stands = true;
  const give = () => failure.abort(new Error(`no connection within ${connectTimeout} s`));
  const connect = async () => {
    stands = false;
    const isTls = protocol === 'https:';
    const options = { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port) || (isTls ? 443 : 80) };
    socket = isTls
      ? (await import('node:tls')).connect({ ...options, rejectUnauthorized: false })
      : (await import('node:net')).connect(options);
    socket.on('error', () => undefined);
    // A server that is busy with our request may be late with a second TLS session; that is no reason to give the first up.
    socket.once('connect', () => clearTimeout(late));
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      stands = true;
      end();
    });
  };
  const silent = setTimeout(() => void connect(), probeAfter);
  const late = setTimeout(give, connectTimeout * 1000);
  const end = () => {
    clearTimeout(silent);
    clearTimeout(late);
    socket?.destroy();
  };
  return { failed: failure.signal, stands: () => stands, end };
}

/** Says what happened without Bun's advice to programmers, and without the URL, which stands beside it. */
function reworded(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  const code = codeOf(cause);
  const text = cause.message.replace(/ fetching ".*|\. For more information.*/s, '');
  return new Error(/CERT|SIGNATURE|ISSUER/.test(code) ? `certificate refused: ${text}` : text, { cause });
}

function answerOf(response: Response, url: URL, signal: AbortSignal): Answer {
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: bodyOf(response, url, signal),
    close: () => void response.body?.cancel().catch(() => undefined),
  };
}

async function* bodyOf(response: Response, url: URL, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of response.body ?? []) yield piece;
  } catch (cause) {
    throw connectionFailure(cause, true, url, signal);
  }
}

async function wholeBody(request: PostRequest): Promise<Uint8Array<ArrayBuffer>> {
  const body = new Uint8Array(request.length);
  let filled = 0;
  for await (const piece of request.body()) {
    body.set(piece, filled);
    filled += piece.length;
  }
  return body;
}

/** They stand in a header already; fetch takes no URL that has them. */
function withoutCredentials(url: URL): URL {
  if (url.username === '' && url.password === '') return url;
  const bare = new URL(url);
  [bare.username, bare.password] = ['', ''];
  return bare;
}
