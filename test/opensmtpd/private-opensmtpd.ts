/**
 * Runs a private OpenSMTPD (own queue, own log) that hands mail to the command under test exactly as
 * infra/mta/opensmtpd.txt says. It is only unpacked, not installed (infra/build/debian-packages.sh), and ends with the
 * test runner (private-place.ts).
 */
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { MailSystem, MailSystemOptions, Outcome } from '../mta/mail-system.ts';
import { readMtaSnippet } from '../mta/mta-snippet.ts';
import { makePrivatePlace, type PrivatePlace } from '../mta/private-place.ts';
import { senderDomain } from '../mta/scenario-by-mail.ts';
import { sendMail } from '../mta/send-mail.ts';
import { until } from '../postfix/until.ts';

/** Where OpenSMTPD is unpacked. */
const root = `${process.env['SMTP2GS_MTA_CACHE'] ?? '/var/cache/smtp2gs-mta'}/opensmtpd`;
export const smtpdProgram = `${root}/usr/sbin/smtpd`;
const smtpctl = '/srv/smtpctl';

const logFile = '/srv/smtpd.log';
const mailbox = '/srv/mail/everybody';

/** Starts a private OpenSMTPD. */
export async function startOpensmtpd({
  PROGRAM,
  URL = 'http://127.0.0.1',
  mounts = {},
}: MailSystemOptions): Promise<MailSystem> {
  const place = await makePrivatePlace(mounts);
  try {
    const parts = readMtaSnippet('opensmtpd', { PROGRAM, URL, DOMAIN: 'groups.example.com', USER: 'nobody' });
    await place.must(['sh', '-ec', prepare, root]);
    return running(place, await startOnFreePort(place, parts.get('/etc/smtpd.conf') ?? ''));
  } catch (error) {
    await place.stop();
    throw error;
  }
}

/** The accounts and folders that its package would have made; here they are in the place alone. */
const prepare = `
mount -t tmpfs tmpfs /usr/libexec
cp -a "$0/usr/libexec/opensmtpd" /usr/libexec/
mount -t tmpfs -o mode=755 tmpfs /var/spool
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -m 1777 /run/lock
mkdir -p /var/lib/opensmtpd/empty /srv/mail
{ cat /etc/passwd; printf 'opensmtp%s:/var/lib/opensmtpd/empty:/bin/false\\n' d:x:64998:64998: q:x:64997:64997:; } >/srv/passwd
{ cat /etc/group; printf 'opensmtp%s:\\n' d:x:64998 q:x:64997; } >/srv/group
mount --bind /srv/passwd /etc/passwd
mount --bind /srv/group /etc/group
chown nobody /srv/mail
cp "$0/usr/sbin/smtpctl" /srv; chgrp opensmtpq /srv/smtpctl; chmod g+s /srv/smtpctl`;

/** OpenSMTPD has to be told its port. Another process may take it first: then it is told another one. */
async function startOnFreePort(place: PrivatePlace, snippet: string, triesLeft = 5): Promise<number> {
  const port = await freePort();
  const own = [
    `listen on lo port ${port}`,
    'table everybody { "@" = "nobody" }',
    `action "mailbox" maildir "${mailbox}" virtual <everybody>`,
    `match from any for domain "${senderDomain}" action "mailbox"`,
  ];
  place.write('/srv/smtpd.conf', `${own.join('\n')}\n${snippet}`);
  place.start(['sh', '-c', `exec ${smtpdProgram} -d -f /srv/smtpd.conf >${logFile} 2>&1`]);
  const log = () => readOrNothing(place.path(logFile));
  const isTaken = () => log().includes('Address already in use');
  await until('OpenSMTPD is up, or it cannot be', async () => isTaken() || (await greets(port)), log);
  if (!isTaken()) return port;
  if (triesLeft === 0) throw new Error(`No free port: ${log()}`);
  return startOnFreePort(place, snippet, triesLeft - 1);
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1').on('error', () => resolve(false));
    socket.once('data', (greeting) => {
      socket.destroy();
      resolve(greeting.includes('OpenSMTPD'));
    });
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return address.port;
}

function running(place: PrivatePlace, port: number): MailSystem {
  const log = () => readOrNothing(place.path(logFile));
  const outcomes = (id: string) => readOutcomes(log(), id);
  return {
    place,
    async send(mail) {
      const id = /^250 2\.0\.0 (\w+) Message accepted/.exec(await sendMail({ port, host: '127.0.0.1' }, mail))?.[1];
      if (id === undefined) throw new Error(`OpenSMTPD did not take the mail:\n${log()}`);
      return id;
    },
    log,
    outcomes,
    async outcome(id, wanted) {
      await until(`${id} is ${wanted}`, () => outcomes(id).includes(wanted), log);
    },
    // The exit status is not in the log; the last line that the command said is.
    said: () => ({ line: /stat=Error \(.*?"(.*)"\)/.exec(log())?.[1] ?? '' }),
    async emptyQueue() {
      const isEmpty = async () => {
        if (waiting(log()).length === 0) return true;
        await place.must([smtpctl, 'schedule', 'all']); // it would wait 400 s
        return false;
      };
      await until('the queue is empty', isEmpty, log, 60);
    },
    returned: () => readMailbox(place.path(`${mailbox}/new`)),
    stop: place.stop,
  };
}

function readOrNothing(path: string): string {
  return existsSync(path) ? readFileSync(path, 'latin1') : '';
}

function readMailbox(folder: string): string {
  return existsSync(folder)
    ? readdirSync(folder)
        .map((name) => readOrNothing(join(folder, name)))
        .join('')
    : '';
}

/** The ids of the envelopes that were taken and have not come to an end. */
function waiting(log: string): string[] {
  const ids = (line: RegExp) => [...log.matchAll(line)].map(([, id = '']) => id);
  const ended = new Set(ids(/mda delivery evpid=(\w+) .* result=(?:Ok|PermFail) /g));
  return ids(/smtp envelope evpid=(\w+) /g).filter((id) => !ended.has(id));
}

const outcomeOfResult: Record<string, Outcome> = { Ok: 'delivered', TempFail: 'deferred', PermFail: 'bounced' };

function readOutcomes(log: string, id: string): Outcome[] {
  const lines = log.matchAll(/mda delivery evpid=(\w{8})\w{8} .* result=(\w+) /g);
  return [...lines].flatMap(([, ofId, result = '']) => (ofId === id ? (outcomeOfResult[result] ?? []) : []));
}
