/**
 * The transport of the command and of LMTP: `node:http` and `node:https` with one keep-alive agent each, so that both
 * requests of a delivery share a connection. https is loaded only for an https URL: TLS costs a fifth of the process's
 * time. What goes wrong is told as the seam demands; certificates are verified unless the administrator opted out.
 */
import type { Agent, IncomingMessage, RequestOptions } from 'node:http';
import { type Answer, connectionFailure, connectTimeout, type Post, type PostRequest } from '../core/transport.ts';

export interface HttpTransportOptions {
  /** PEM; instead of the well-known certificate authorities. */
  readonly ca?: string | undefined;
  readonly insecure: boolean;
  /** Connections at once to one server. */
  readonly maxSockets?: number;
}

/** Milliseconds. An idle connection is closed before the server does it under our feet. */
const idleTimeout = 4000;

type HttpModule = Pick<typeof import('node:http'), 'request'>;

/** Makes a transport; it lives as long as its process. */
export function httpTransport({ ca, insecure, maxSockets = 1 }: HttpTransportOptions): Post {
  const agentOptions = { keepAlive: true, maxSockets, timeout: idleTimeout };
  const agents = new Map<string, Agent>();
  const moduleFor = async (protocol: string): Promise<[HttpModule, Agent]> => {
    const module = protocol === 'https:' ? await import('node:https') : await import('node:http');
    let agent = agents.get(protocol);
    if (!agent) {
      agent = new module.Agent({ ...agentOptions, ...(ca === undefined ? {} : { ca }), rejectUnauthorized: !insecure });
      agents.set(protocol, agent);
    }
    return [module, agent];
  };
  return async (request, signal) => {
    const [module, agent] = await moduleFor(request.url.protocol);
    return await send(module, agent, request, signal);
  };
}

function send(module: HttpModule, agent: Agent, request: PostRequest, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { url } = request;
    let connected = false;
    let refused = false;
    let connecting: NodeJS.Timeout | undefined;
    const outgoing = module.request(requestOptions(request, agent));
    const failed = (cause: unknown) => {
      clearTimeout(connecting);
      reject(connectionFailure(cause, connected, url, signal));
      outgoing.destroy();
    };
    const stop = () => failed(signal.reason);
    const stood = () => {
      connected = true;
      clearTimeout(connecting);
    };
    outgoing.once('socket', (socket) => {
      if (!socket.connecting) return stood();
      const late = () => failed(new Error(`no connection within ${connectTimeout} s`));
      connecting = setTimeout(late, connectTimeout * 1000);
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', stood);
    });
    outgoing.on('error', failed);
    outgoing.once('response', (incoming) => {
      stood();
      refused = incoming.statusCode !== 200;
      resolve({
        status: incoming.statusCode ?? 0,
        headers: firstValues(incoming),
        body: bodyOf(incoming),
        close: () => (incoming.complete && outgoing.writableEnded ? incoming.resume() : outgoing.destroy()),
      });
    });
    signal.addEventListener('abort', stop);
    outgoing.once('close', () => {
      clearTimeout(connecting);
      signal.removeEventListener('abort', stop);
    });
    const pumped = signal.aborted ? stop() : pump().catch(failed);

    /** Sends the body piece by piece; stops when an answer is there that the rest of it will not change. */
    async function pump(): Promise<void> {
      for await (const piece of request.body()) {
        if (refused || outgoing.destroyed) return;
        await new Promise<void>((written) => outgoing.write(piece, () => written()));
      }
      outgoing.end();
    }

    async function* bodyOf(incoming: IncomingMessage): AsyncGenerator<Uint8Array> {
      try {
        for await (const piece of incoming as AsyncIterable<Uint8Array>) yield piece;
        await pumped;
        // What was answered before it had been sent cannot have been accepted.
        if (!outgoing.writableEnded) throw new Error('answered before the request was sent');
      } catch (cause) {
        throw connectionFailure(cause, true, url, signal);
      }
    }
  });
}

function requestOptions({ url, headers, length }: PostRequest, agent: Agent): RequestOptions {
  return {
    agent,
    method: 'POST',
    // An IPv6 address stands in brackets in a URL, not in a host name.
    hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port,
    path: url.pathname + url.search,
    headers: { ...headers, 'content-length': String(length) },
  };
}

function firstValues(incoming: IncomingMessage): Record<string, string | undefined> {
  const values: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(incoming.headers)) values[name] = Array.isArray(value) ? value[0] : value;
  return values;
}
