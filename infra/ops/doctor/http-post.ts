/** The transport of the doctor: one look-up over `node:http(s)`, as core/transport.ts demands it. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type Answer, connectionFailure, connectTimeout, type Post } from '../../../functions/core/transport.ts';

export const httpPost: Post = async (request, signal) => {
  const { url, headers, length } = request;
  const pieces: Uint8Array[] = [];
  for await (const piece of request.body()) pieces.push(piece.slice());
  return await new Promise<Answer>((resolve, reject) => {
    const isSecure = url.protocol === 'https:';
    let isConnected = false;
    const outgoing = (isSecure ? httpsRequest : httpRequest)({
      // An IPv6 address stands in brackets in a URL, not in a host name.
      hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port,
      path: url.pathname + url.search,
      method: 'POST',
      headers: { ...headers, 'content-length': String(length) },
      signal,
      agent: false,
    });
    outgoing.once('socket', (socket) => {
      socket.setTimeout(connectTimeout * 1000, () => outgoing.destroy(new Error(`silent for ${connectTimeout} s`)));
      socket.once(isSecure ? 'secureConnect' : 'connect', () => {
        isConnected = true;
      });
    });
    outgoing.once('error', (cause) => reject(connectionFailure(cause, isConnected, url, signal)));
    outgoing.once('response', (incoming) =>
      resolve({
        status: incoming.statusCode ?? 0,
        headers: firstValues(incoming),
        body: bodyOf(incoming, url, signal),
        close: () => outgoing.destroy(),
      }),
    );
    outgoing.end(Buffer.concat(pieces));
  });
};

async function* bodyOf(incoming: IncomingMessage, url: URL, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of incoming) if (piece instanceof Uint8Array) yield piece;
  } catch (cause) {
    throw connectionFailure(cause, true, url, signal);
  }
}

function firstValues({ headers }: IncomingMessage): Answer['headers'] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
}
