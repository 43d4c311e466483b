/**
 * Sends a mail by SMTP as a mail server on the Internet does, and says of each recipient whether the other side has
 * accepted it: from then on the other side is responsible for it. What is accepted nobody sends again.
 * Throws when nobody can know whether a mail was accepted.
 */
import type { NetConnectOpts } from 'node:net';
import { connectLmtp, stuffed } from '../smtp2gs/lmtp-client.ts';

export interface Offer {
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly message: Buffer;
}

export interface Outcome {
  readonly accepted: readonly string[];
  /** Refused for good: their sender is told by whoever sends. */
  readonly refused: readonly string[];
  /** To be offered again. */
  readonly deferred: readonly string[];
  /** What accepted the mail. */
  readonly reply: string;
}

/** Offers a mail once. */
export async function offer(where: NetConnectOpts, { sender, recipients, message }: Offer): Promise<Outcome> {
  const client = await connectLmtp(where);
  try {
    const accepted: string[] = [];
    const refused: string[] = [];
    const deferred: string[] = [];
    const hello = [client.greeting, await client.say('EHLO client.example.net')];
    const from = await client.say(`MAIL FROM:<${sender}> BODY=8BITMIME`);
    if ([...hello, from].some((reply) => !isAccepted(reply)))
      return { accepted, refused, deferred: recipients, reply: from };
    for (const recipient of recipients) {
      const reply = await client.say(`RCPT TO:<${recipient}>`);
      if (isAccepted(reply)) accepted.push(recipient);
      else (reply.startsWith('5') ? refused : deferred).push(recipient);
    }
    if (accepted.length === 0) return { accepted, refused, deferred, reply: '' };
    await client.say('DATA');
    client.write(stuffed(message));
    const reply = await client.reply();
    if (isAccepted(reply)) return { accepted, refused, deferred, reply };
    if (reply.startsWith('5')) return { accepted: [], refused: [...refused, ...accepted], deferred, reply };
    return { accepted: [], refused, deferred: [...deferred, ...accepted], reply };
  } finally {
    client.close();
  }
}

function isAccepted(reply: string): boolean {
  return reply.startsWith('2');
}
