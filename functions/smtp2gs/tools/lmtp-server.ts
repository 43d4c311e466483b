/**
 * The LMTP side (RFC 2033), on the library smtp-server: sessions, recipients, one reply per recipient. It knows nothing
 * of groups: what becomes of a recipient and of a mail it asks its handlers. It has no TLS and no log-in, since it stands
 * behind a mail system.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { domainToASCII } from 'node:url';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { type DeliveryStatus, statusOf } from '../../core/delivery-status.ts';
import type { Message } from '../../core/message.ts';
import { type ReceivedMail, receiveMail } from './lmtp-mail.ts';
import { replyOf } from './lmtp-reply.ts';

export interface Transaction {
  /** Empty for the null sender. */
  readonly sender: string;
  /** As they were accepted, repeated ones included. */
  readonly recipients: readonly string[];
}

export interface LmtpHandlers {
  /** Why no session may begin now; undefined if one may. */
  refusal(): DeliveryStatus | undefined;
  /** Throws a DeliveryFailure for a recipient that cannot be accepted now. */
  checkRecipient(recipient: string): Promise<void>;
  /** Delivers a mail; does not throw. The statuses are in the order of the recipients. */
  deliver(mail: Message, transaction: Transaction): Promise<readonly DeliveryStatus[]>;
}

export interface LmtpServerOptions {
  readonly handlers: LmtpHandlers;
  /** Bytes. */
  readonly maxSize: number;
  readonly spoolDir: string;
  /** Sessions at once. */
  readonly connections: number;
}

export interface LmtpServer {
  readonly socket: SMTPServer['server'];
  /** Takes no new session and no new mail; resolves when the mail that was on its way has been answered. */
  stop(): Promise<void>;
}

/** Recipients of one mail; RFC 5321 section 4.5.3.1.8 asks for a hundred. */
const recipientLimit = 1000;

/** Milliseconds for the last replies to be read by those whose sessions are closed. */
const linger = 1000;

/** Makes the server; it does not listen yet. */
export function lmtpServer({ handlers, maxSize, spoolDir, connections }: LmtpServerOptions): LmtpServer {
  // The library's own list has a repeated recipient once, but RFC 2033 section 4.2 wants a reply for each RCPT.
  const accepted = new WeakMap<SMTPServerSession, string[]>();
  const busy = new Map<SMTPServerSession, Promise<void>>();
  let stopping = false;

  const server = new SMTPServer({
    lmtp: true,
    size: maxSize,
    maxClients: connections,
    disabledCommands: ['AUTH', 'STARTTLS'],
    hideSMTPUTF8: true,
    disableReverseLookup: true,
    heloResponse: '%s',
    logger: false,
    onConnect(_session, callback) {
      const refused = handlers.refusal();
      if (stopping) callback(replyError(421, stopText));
      // A session that is refused makes Postfix leave the whole destination alone for a while.
      else callback(refused ? replyError(421, replyOf(refused).text) : null);
    },
    onMailFrom(_address, session, callback) {
      accepted.set(session, []);
      callback();
    },
    onRcptTo({ address }, session, callback) {
      const answer = async () => callback(await accept(asciiAddress(address), accepted.get(session) ?? []));
      void answer();
    },
    onData(stream, session, callback) {
      const { mailFrom } = session.envelope;
      const sender = mailFrom ? asciiAddress(mailFrom.address) : '';
      const transaction = { sender, recipients: accepted.get(session) ?? [] };
      const answer = async () => {
        callback(null, await takeMail(stream, transaction));
        busy.delete(session);
        if (stopping) closeSessions();
      };
      busy.set(session, answer());
    },
  });
  // A client that went away: its mail system tries again.
  server.on('error', () => undefined);
  greetAtOnce(server);

  /** Adds a recipient, or gives the reply that refuses it; does not throw. */
  async function accept(recipient: string, recipients: string[]): Promise<Error | null> {
    if (recipients.length >= recipientLimit) return replyError(452, '4.5.3 Too many recipients');
    try {
      await handlers.checkRecipient(recipient);
      recipients.push(recipient);
      return null;
    } catch (error) {
      const { code, text } = replyOf(statusOf(error));
      return replyError(code, text);
    }
  }

  /** Gives the replies in the order of the recipients; does not throw. */
  async function takeMail(stream: AsyncIterable<Uint8Array>, transaction: Transaction): Promise<(string | Error)[]> {
    let mail: ReceivedMail | undefined;
    try {
      mail = await receiveMail(stream, { maxSize, spoolDir });
      return (await handlers.deliver(mail.message, transaction)).map(resultOf);
    } catch (error) {
      return transaction.recipients.map(() => resultOf(statusOf(error)));
    } finally {
      mail?.dispose();
    }
  }

  function closeSessions(): void {
    for (const connection of server.connections) {
      if (!busy.has(connection.session)) connection.send(421, stopText);
    }
  }

  return {
    socket: server.server,
    async stop() {
      stopping = true;
      const closed = new Promise<void>((resolve) => server.server.close(() => resolve()));
      closeSessions();
      while (busy.size > 0) await Promise.all(busy.values());
      await Promise.race([closed, sleep(linger)]);
    },
  };
}

/**
 * QUIRK: the library greets 100 ms late, to find out clients that talk too soon. A mail system is none of these, and may
 * make a connection for each mail.
 */
function greetAtOnce(server: SMTPServer): void {
  const greeted = new WeakSet<object>();
  const connect = server.connect.bind(server);
  server.connect = (socket, options) => {
    connect(socket, options);
    for (const connection of server.connections) {
      if (greeted.has(connection)) continue;
      greeted.add(connection);
      connection.connectionReady();
      connection.connectionReady = () => undefined;
    }
  };
}

const stopText = '4.3.2 The mail gateway is being stopped';

/** As the library wants it. */
function resultOf(status: DeliveryStatus): string | Error {
  const { code, text } = replyOf(status);
  return code === 250 ? text : replyError(code, text);
}

function replyError(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}

/** QUIRK: the library turns a domain in Punycode into Unicode; the address is taken as it was sent. */
function asciiAddress(address: string): string {
  const at = address.lastIndexOf('@');
  const domain = address.slice(at + 1);
  return /^[\x20-\x7e]*$/.test(domain) ? address : `${address.slice(0, at + 1)}${domainToASCII(domain)}`;
}
