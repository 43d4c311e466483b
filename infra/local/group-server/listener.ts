/**
 * The listening socket of the reference GroupServer, in front of its HTTP(S) server: it can go away and come back on
 * the same port, spoil a connection before a byte of TLS or HTTP, and reset a connection below TLS.
 */
import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const HOST = '127.0.0.1';

/** A listening socket that comes and goes. */
export interface Listener {
  readonly port: number;
  readonly isOnline: boolean;
  online(): Promise<void>;
  /** Closes every connection with it. */
  offline(): Promise<void>;
  /** Ends the TCP connection under this socket (plain or TLS) with RST. */
  reset(socket: Socket): void;
}

/** Listens on 127.0.0.1 (port 0: any) and gives connections to `server`, but for those that `atOnce` spoils. */
export async function listen(
  server: HttpServer,
  wantedPort: number,
  atOnce: () => 'reset' | 'hang' | undefined = () => undefined,
): Promise<Listener> {
  // By the client's port, since a TLS socket does not tell what it was made of.
  const connections = new Map<number, Socket>();
  const front = createServer({ noDelay: true }, (socket) => {
    const key = socket.remotePort ?? 0;
    connections.set(key, socket);
    socket.once('close', () => connections.get(key) === socket && connections.delete(key));
    socket.on('error', () => undefined);
    const fault = atOnce();
    if (fault === 'reset') socket.resetAndDestroy();
    else if (fault === undefined) server.emit('connection', socket);
  });
  let port = wantedPort;

  const bind = async () => {
    front.listen(port, HOST);
    await once(front, 'listening');
    const address = front.address();
    if (address !== null && typeof address === 'object') port = address.port;
  };
  await bind();
  return {
    get port() {
      return port;
    },
    get isOnline() {
      return front.listening;
    },
    async online() {
      for (let left = 40; !front.listening; left -= 1) {
        try {
          await bind();
        } catch (error) {
          // A client of this machine may have been given our port for a moment while we were away.
          if (left === 0) throw error;
          await sleep(50);
        }
      }
    },
    async offline() {
      const closed = front.listening ? once(front, 'close') : undefined;
      front.close();
      for (const socket of connections.values()) socket.destroy();
      await closed;
    },
    reset(socket) {
      const below = connections.get(socket.remotePort ?? 0);
      // Without the socket's own destroy a TLS session would try to say goodbye first.
      below?.resetAndDestroy();
      socket.destroy();
    },
  };
}
