/**
 * The SMTP listener in the part of SES receiving: takes mail for the recipients of the active receipt rules (550
 * otherwise), at most 40 MiB (552), and spools it to disk with the header fields that SES puts in front. A mail is
 * accepted when it is whole in the spool; what the rules then do with it is ses-rule-action.ts.
 */
import { randomBytes } from 'node:crypto';
import { createWriteStream, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { domainToASCII } from 'node:url';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { openFileStore } from './aws/file-store.ts';
import type { Ses } from './aws/ses.ts';
import type { Clock } from './clock.ts';
import { type Arrival, prependedHeader } from './ses-notification.ts';
import { createRuleActions, type RuleActionTargets, type SpooledMail } from './ses-rule-action.ts';
import { type Envelope, type Verdicts, verdictsOfSender } from './ses-verdicts.ts';

/** What a test says about mail that is about to come in. */
export interface Script {
  verdicts?: Partial<Verdicts>;
  /** The mail is to look as if it had been received so long ago, in ms. */
  receivedAgo?: number;
}

export interface Ingress {
  port: number;
  /** Asked for every mail; replace it to script verdicts and ages. */
  script: (envelope: Envelope) => Script;
  /** Mail that is accepted, but not yet stored and announced. */
  waiting(): number;
  stop(): Promise<void>;
}

/** SES's limit for mail that goes to S3, in bytes. */
const sizeLimit = 40 * 1024 * 1024;
/** So much of the header section is kept for notifications and bounces, in bytes. */
const headerKept = 65_536;

/** Starts the listener; mail that an earlier run left in the spool is taken up again. */
export async function startIngress(options: {
  port?: number;
  spool: string;
  clock: Clock;
  ses: Ses;
  region: string;
  targets: RuleActionTargets;
}): Promise<Ingress> {
  const { clock, ses, spool, region } = options;
  mkdirSync(spool, { recursive: true });
  const records = openFileStore<SpooledMail>(join(spool, 'accepted'));
  const file = (messageId: string) => join(spool, `${messageId}.eml`);
  const actions = createRuleActions({ ...options.targets, ses, file, done: forget });
  function forget({ messageId }: SpooledMail): void {
    records.remove(messageId);
    rmSync(file(messageId), { force: true });
  }
  const accepted = new Set(records.all().map(({ messageId }) => `${messageId}.eml`));
  for (const name of readdirSync(spool)) if (name.endsWith('.eml') && !accepted.has(name)) rmSync(join(spool, name));
  for (const mail of records.all()) actions.start(mail);

  const ingress: Ingress = { port: 0, script: () => ({}), waiting: () => actions.waiting(), stop };

  async function accept(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<string> {
    const source = session.envelope.mailFrom ? plain(session.envelope.mailFrom.address) : '';
    const recipients = session.envelope.rcptTo.map(({ address }) => plain(address));
    const { verdicts, receivedAgo = 0 } = ingress.script({ source, recipients });
    const arrival: Arrival = {
      messageId: randomBytes(20).toString('hex'),
      source,
      recipients,
      timestamp: clock.now() - receivedAgo,
      verdicts: { ...verdictsOfSender({ source, recipients }), ...verdicts },
      helo: session.hostNameAppearsAs || 'unknown',
      client: session.remoteAddress,
      region,
    };
    const head: Buffer[] = [Buffer.from(prependedHeader(arrival))];
    let kept = 0;
    const watch = async function* (chunks: AsyncIterable<Buffer>) {
      yield* head;
      for await (const chunk of chunks) {
        if (stream.sizeExceeded) continue; // read on, for the answer comes after the last byte, but store no more
        if (kept < headerKept) head.push(chunk);
        kept += chunk.length;
        yield chunk;
      }
    };
    try {
      await pipeline(stream, watch, createWriteStream(file(arrival.messageId)));
      if (stream.sizeExceeded) throw reply(552, '5.3.4 Message exceeds the size limit of 40 MB');
    } catch (error) {
      rmSync(file(arrival.messageId), { force: true });
      throw error;
    }
    const { messageId, timestamp } = arrival;
    const header = headerSection(Buffer.concat(head));
    const mail = { messageId, source, recipients, timestamp, header, verdicts: arrival.verdicts };
    records.put(messageId, mail);
    ses.remember({ messageId, source, recipients, timestamp, header });
    actions.start(mail);
    return `OK ${messageId}`;
  }

  const server = new SMTPServer({
    banner: 'the local stack in the part of Amazon SES',
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    hideSMTPUTF8: true,
    lenientAddressParsing: true,
    size: sizeLimit,
    closeTimeout: 1,
    logger: false,
    onRcptTo: ({ address }, _session, done) => {
      const known = ses.rules.matching(plain(address)).length > 0;
      done(known ? null : reply(550, '5.1.1 Requested action not taken: mailbox unavailable'));
    },
    onData: (stream, session, done) => void answer(accept(stream, session), done),
  });
  // A client that breaks off is its own affair.
  server.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    server.server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.server.address();
  ingress.port = typeof address === 'object' && address !== null ? address.port : 0;
  return ingress;

  async function stop(): Promise<void> {
    await new Promise<void>((resolve) => server.close(resolve));
    actions.stop();
  }
}

/** Brings the outcome to smtp-server, which takes a callback. */
async function answer(accepted: Promise<string>, done: (error: Error | null, message?: string) => void): Promise<void> {
  const outcome = await accepted.catch((error: Error) => error);
  if (typeof outcome === 'string') done(null, outcome);
  else done(outcome);
}

const reply = (responseCode: number, message: string) => Object.assign(new Error(message), { responseCode });

/** QUIRK: smtp-server turns the `xn--` form of a domain into Unicode; SES keeps it as it came. */
function plain(address: string): string {
  const at = address.lastIndexOf('@');
  return address.slice(0, at + 1) + (domainToASCII(address.slice(at + 1)) || address.slice(at + 1));
}

/** The header section at the start of the bytes, one character per byte; all of them when it does not end. */
function headerSection(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  const end = /\r?\n\r?\n/.exec(text);
  return end ? text.slice(0, end.index + 2) : text;
}
