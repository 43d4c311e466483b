/**
 * A tiny SMTP client that sends a message byte for byte, which libraries for sending do not: they mend line ends and
 * characters. It knows neither TLS nor log-in. Rejects with the server's reply unless that is a 2xx or 3xx.
 */
import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';

export interface Mail {
  /** Empty for the null sender. */
  sender: string;
  recipients: readonly string[];
  /** With CRLF at line ends; sent unchanged but for the dots that SMTP doubles. */
  message: Buffer;
}

/** Sends one mail to the server at this address and resolves to the reply that took it. */
export async function sendMail(server: NetConnectOpts, { sender, recipients, message }: Mail): Promise<string> {
  const socket = connect(server);
  socket.setTimeout(60_000, () => socket.destroy(new Error('The SMTP server is silent')));
  try {
    const replies = readReplies(socket);
    const say = async (line: string | Buffer) => {
      socket.write(line);
      return expectReply(replies);
    };
    await expectReply(replies);
    await say('EHLO client.example.net\r\n');
    await say(`MAIL FROM:<${sender}> BODY=8BITMIME\r\n`);
    for (const recipient of recipients) await say(`RCPT TO:<${recipient}>\r\n`);
    await say('DATA\r\n');
    const reply = await say(dotStuffed(message));
    await say('QUIT\r\n');
    return reply;
  } finally {
    socket.destroy();
  }
}

/** The message as it goes over the wire after DATA, with the line that ends it. */
export function dotStuffed(message: Buffer): Buffer {
  const text = message.toString('latin1');
  const ended = text.endsWith('\r\n') ? text : `${text}\r\n`;
  return Buffer.from(`${ended.replace(/^\./gm, '..')}.\r\n`, 'latin1');
}

async function expectReply(replies: AsyncIterator<string, undefined>): Promise<string> {
  const { value } = await replies.next();
  if (value === undefined) throw new Error('The SMTP server hung up');
  if (!/^[23]/.test(value)) throw new Error(value);
  return value;
}

/** Whole replies; the lines of one reply end with the one that has a space after its number. */
async function* readReplies(socket: Socket): AsyncGenerator<string, undefined> {
  await once(socket, 'connect');
  let said = '';
  for await (const piece of socket) {
    said += String(piece);
    for (let end = /^\d{3} .*\r\n/m.exec(said); end; end = /^\d{3} .*\r\n/m.exec(said)) {
      const length = end.index + end[0].length;
      yield said.slice(0, length).trimEnd();
      said = said.slice(length);
    }
  }
  return undefined;
}
