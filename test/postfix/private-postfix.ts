/**
 * Runs a private Postfix (own queue, own log, own socket for SMTP) that hands mail to the command under test exactly as infra/mta
 * says, and shows what a test has to see: the mail log, the queue, and the mail that went back to the sender.
 * Its waits are bounded and fail with the mail log. It ends with the test runner (private-place.ts).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Filling, readMtaSnippet } from '../mta/mta-snippet.ts';
import { makePrivatePlace, type PrivatePlace } from '../mta/private-place.ts';
import { type Mail, sendMail } from '../mta/send-mail.ts';
import { mailbox, mainCf, masterCf, smtpSocket } from './main-cf.ts';
import { until } from './until.ts';

/** The snippets by which Postfix may call the command: pipe(8), local(8), LMTP. */
export type Snippet = 'postfix' | 'postfix-aliases' | 'postfix-lmtp';

export interface PostfixOptions extends Partial<Filling> {
  snippet: Snippet;
  PROGRAM: string;
  /** Files and folders to show in the place, see makePrivatePlace. */
  mounts?: Record<string, string>;
  /** Further lines for main.cf. */
  settings?: string;
  /** Where LMTP is spoken instead of the address that the snippet has, as in `unix:/path`. */
  lmtpAddress?: string;
  /** The size of the disk on which the command may put large mail, e.g. `2m`. */
  varTmpSize?: string;
}

/** One line of the mail log that tells how a delivery to one recipient went. */
export interface Attempt {
  /** As the sender wrote it, before aliases. */
  recipient: string;
  relay: string;
  dsn: string;
  /** `sent`, `deferred` or `bounced`. */
  status: string;
  text: string;
}

export interface PrivatePostfix {
  readonly place: PrivatePlace;
  /** Sends by SMTP and resolves to the queue id. */
  readonly send: (mail: Mail) => Promise<string>;
  readonly log: () => string;
  /** What the mail log says of the deliveries of this mail so far. */
  readonly attempts: (queueId: string) => Attempt[];
  /** Waits for the first attempt (to this recipient, with this status). */
  readonly attempt: (queueId: string, wanted?: Partial<Pick<Attempt, 'recipient' | 'status'>>) => Promise<Attempt>;
  /** The queue ids of the mail that waits. */
  readonly queue: () => Promise<string[]>;
  /** Waits until no mail is left in the queue. */
  readonly emptyQueue: () => Promise<void>;
  /** Waits for as many mails to come back to the sender and resolves to them. */
  readonly returned: (count?: number) => Promise<string[]>;
  readonly stop: () => Promise<void>;
}

/** As in infra/mta/postfix-lmtp.txt; a test cannot have a port of its own choice. */
const snippetLmtp = 'inet:127.0.0.1:2424';
const mainFile = '/etc/postfix/main.cf';
const masterFile = '/etc/postfix/master.cf';

/** Starts a private Postfix with one of the snippets. */
export async function startPostfix(options: PostfixOptions): Promise<PrivatePostfix> {
  const { snippet, mounts = {}, settings = '', varTmpSize, lmtpAddress = snippetLmtp } = options;
  const { PROGRAM, URL = 'http://127.0.0.1', DOMAIN = 'groups.example.com', USER = 'nobody' } = options;
  const place = await makePrivatePlace(mounts, varTmpSize);
  try {
    await place.must(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', '/etc/postfix']);
    const files = readMtaSnippet(snippet, { PROGRAM, URL, DOMAIN, USER });
    const added = (files.get(mainFile) ?? '').replace(snippetLmtp, lmtpAddress);
    files.set(mainFile, `${mainCf}${added}${settings}`);
    files.set(masterFile, `${masterCf}${files.get(masterFile) ?? ''}`);
    for (const [file, text] of files) place.write(file, text);
    await place.must(['sh', '-ec', makeFolders]);
    if (snippet === 'postfix-aliases') await place.must(['postalias', '/etc/postfix/smtp2gs.aliases']);
    place.start(['/usr/lib/postfix/sbin/master', '-d']);
    await until(
      'Postfix is up',
      () => readLog(place).includes('daemon started'),
      () => readLog(place),
    );
    return running(place);
  } catch (error) {
    await place.stop();
    throw error;
  }
}

/** The folders that "postfix check" would make in seconds. Postfix waits until its files are not of this second. */
const makeFolders = `
touch -d '1 minute ago' /etc/postfix/*
mkdir -p /srv/queue /srv/data /srv/mail; cd /srv/queue
mkdir -m 755 pid
mkdir -m 700 active bounce corrupt defer deferred flush hold incoming private saved trace
mkdir -m 1730 maildrop; mkdir -m 2710 public
chown postfix:root active bounce corrupt defer deferred flush hold incoming private saved trace
chown postfix:postdrop maildrop public; chmod 1730 maildrop; chmod 2710 public
chown postfix /srv/data; chmod 700 /srv/data; chown nobody /srv/mail`;

function running(place: PrivatePlace): PrivatePostfix {
  const log = () => {
    const text = readLog(place);
    if (/: (fatal|panic): /.test(text)) throw new Error(`Postfix itself is broken:\n${text}`);
    return text;
  };
  const attempts = (queueId: string) => readAttempts(log(), queueId);
  const queue = async () => {
    const listed = [...(await place.must(['postqueue', '-j'])).matchAll(/"queue_id": "(\w+)"/g)];
    return [...new Set(listed.map(([, queueId = '']) => queueId))]; // on its way between two queues it is in both
  };

  return {
    place,
    async send(mail) {
      return queueIdIn(await sendMail({ path: place.path(smtpSocket) }, mail));
    },
    log,
    attempts,
    attempt: (queueId, wanted = {}) =>
      until(
        `${queueId} ${JSON.stringify(wanted)}`,
        () => attempts(queueId).find((attempt) => matches(attempt, wanted)),
        log,
      ),
    queue,
    async emptyQueue() {
      // Mail that is to be tried again while its last delivery has not ended yet is put off by a minute (qmgr(8)).
      // And mail that goes from the deferred to the active queue while both are listed is in neither list: look twice.
      const isEmpty = async () => (await queue()).length === 0;
      await until('the queue is empty', async () => (await isEmpty()) && (await isEmpty()), log, 240);
    },
    returned: (count = 1) =>
      until(
        `${count} mails came back`,
        () => {
          const mails = readMailbox(place);
          return mails.length >= count ? mails : undefined;
        },
        log,
      ),
    stop: () => place.stop(),
  };
}

function readLog(place: PrivatePlace): string {
  try {
    return readFileSync(place.path('/srv/mail.log'), 'latin1');
  } catch {
    return ''; // not begun yet
  }
}

function readMailbox(place: PrivatePlace): string[] {
  const folder = place.path(`${mailbox}/new`);
  try {
    return readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'));
  } catch {
    return []; // Postfix makes the folder with the first mail
  }
}

function queueIdIn(reply: string): string {
  const queueId = /queued as (\w+)/.exec(reply)?.[1];
  if (queueId === undefined) throw new Error(`No queue id in: ${reply}`);
  return queueId;
}

const attemptLine =
  /: (\w+): to=<(.*?)>, (?:orig_to=<(.*?)>, )?relay=([^,]*), .*?dsn=([\d.]+), status=(\w+) \((.*)\)$/gm;

function readAttempts(log: string, queueId: string): Attempt[] {
  return [...log.matchAll(attemptLine)]
    .filter(([, id]) => id === queueId)
    .map(([, , to = '', original, relay = '', dsn = '', status = '', text = '']) => {
      return { recipient: original ?? to, relay, dsn, status, text: text.trim() };
    });
}

function matches(attempt: Attempt, { recipient, status }: Partial<Attempt>): boolean {
  return (
    (recipient === undefined || attempt.recipient === recipient) && (status === undefined || attempt.status === status)
  );
}
