/**
 * A bare LMTP client: it sends what it is told, byte for byte, and hands out the replies one by one. Libraries for
 * sending mend line ends and characters, and hide how many replies came.
 */
import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';

export interface LmtpClient {
  /** What the server said first. */
  readonly greeting: string;
  /** Sends a line and resolves to the reply; its lines are joined by a newline. */
  say(line: string): Promise<string>;
  /** Sends bytes as they are. */
  write(bytes: Buffer | string): void;
  /** The next reply; rejects when the server has hung up. */
  reply(): Promise<string>;
  /** Resolves when the server has hung up. */
  readonly closed: Promise<unknown>;
  close(): void;
}

/** Connects and reads the greeting; `first` is sent without waiting for that. */
export async function connectLmtp(where: NetConnectOpts, first = ''): Promise<LmtpClient> {
  const socket = connect(where);
  socket.write(first);
  await once(socket, 'connect');
  const closed = once(socket, 'close').catch(() => undefined);
  const replies = readReplies(socket);
  const reply = async () => {
    const { value } = await replies.next();
    if (value === undefined) throw new Error('the LMTP server has hung up');
    return value;
  };
  return {
    greeting: await reply(),
    say(line) {
      socket.write(`${line}\r\n`);
      return reply();
    },
    write: (bytes) => void socket.write(bytes),
    reply,
    closed,
    close: () => socket.destroy(),
  };
}

/** Connects and says LHLO. */
export async function openSession(where: NetConnectOpts): Promise<LmtpClient> {
  const client = await connectLmtp(where);
  await client.say('LHLO client.example.net');
  return client;
}

/** One mail in a session; resolves to the replies to RCPT and, for the accepted ones, those to the mail. */
export async function sendMail(
  client: LmtpClient,
  recipients: readonly string[],
  message: Buffer | string,
  sender = 'ada@example.com',
): Promise<{ recipients: string[]; mail: string[] }> {
  await client.say(`MAIL FROM:<${sender}>`);
  const replies: string[] = [];
  for (const recipient of recipients) replies.push(await client.say(`RCPT TO:<${recipient}>`));
  const accepted = replies.filter((reply) => reply.startsWith('250')).length;
  const mail: string[] = [];
  if (accepted > 0) {
    await client.say('DATA');
    client.write(stuffed(Buffer.from(message)));
    for (let left = accepted; left > 0; left -= 1) mail.push(await client.reply());
  } else await client.say('RSET');
  return { recipients: replies, mail };
}

/** A message as it goes over the wire, with the line that ends it. */
export function stuffed(message: Buffer): Buffer {
  const text = message.toString('latin1');
  const ended = text === '' || text.endsWith('\r\n') ? text : `${text}\r\n`;
  return Buffer.from(`${ended.replaceAll(/(^|\r\n)\./g, '$1..')}.\r\n`, 'latin1');
}

/** Whole replies; the lines of one end with the one that has a space after its number. */
async function* readReplies(socket: Socket): AsyncGenerator<string, undefined> {
  let said = '';
  try {
    for await (const piece of socket as AsyncIterable<Buffer>) {
      said += piece.toString('latin1');
      for (let end = /^\d{3} .*\r\n/m.exec(said); end; end = /^\d{3} .*\r\n/m.exec(said)) {
        const length = end.index + end[0].length;
        yield said.slice(0, length).trimEnd().replaceAll('\r\n', '\n');
        said = said.slice(length);
      }
    }
  } catch {
    // Hung up.
  }
  return undefined;
}
