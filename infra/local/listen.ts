/** Opens an HTTP server on the loopback interface, and closes it with everything that is still connected. */
import { once } from 'node:events';
import type { Server } from 'node:http';

/** Listens on 127.0.0.1; port 0 or none means any free one. Rejects when the port is taken. */
export async function listen(server: Server, port = 0): Promise<{ port: number; stop: () => Promise<void> }> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('not a TCP server');
  const stop = async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { port: address.port, stop };
}
