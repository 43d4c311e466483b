/** A DNS server on a socket that gives every domain the same MX records (RFC 1035 section 4), or fails. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export interface Dns {
  readonly address: string;
  /** The mail exchangers of every domain; undefined for a server that fails. */
  records: readonly string[] | undefined;
  stop(): Promise<void>;
}

/** Starts it; `records` are mail exchangers. */
export async function startDns(records: readonly string[]): Promise<Dns> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const server: Dns = {
    address: `127.0.0.1:${socket.address().port}`,
    records,
    stop: async () => {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
  const name = (host: string) =>
    Buffer.concat([
      ...host.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
      Buffer.from([0]),
    ]);
  const number = (...values: number[]) => Buffer.from(values.flatMap((value) => [value >> 8, value & 255]));
  const answer = (host: string) => {
    const data = Buffer.concat([number(10), name(host)]);
    return Buffer.concat([number(0xc00c, 15, 1, 0, 60, data.length), data]);
  };
  socket.on('message', (query, { port, address }) => {
    const question = query.subarray(12, query.indexOf(0, 12) + 5);
    const { records: hosts } = server;
    const header = [query.subarray(0, 2), number(hosts ? 0x8180 : 0x8182, 1, hosts?.length ?? 0, 0, 0)];
    socket.send(Buffer.concat([...header, question, ...(hosts ?? []).map(answer)]), port, address);
  });
  return server;
}
