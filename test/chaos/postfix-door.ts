/**
 * The doors of a chaos run that Postfix stands before: a private Postfix with the configuration that the command prints,
 * and either the command by pipe(8) or the LMTP server. Needs Postfix and root.
 */
import { chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type GroupServer, startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { commandMounts } from '../mta/command-in-place.ts';
import { senderDomain } from '../mta/scenario-by-mail.ts';
import { smtpSocket } from '../postfix/main-cf.ts';
import { startWay } from '../postfix/postfix-site.ts';
import { type PrivatePostfix, startPostfix } from '../postfix/private-postfix.ts';
import { type InstalledCommand, installCommand } from '../smtp2gs/installed-command.ts';
import { killedCommand } from './command-incidents.ts';
import type { Door } from './door.ts';
import { groupServerIncidents } from './group-server-incidents.ts';
import { lmtpIncidents } from './lmtp-incidents.ts';
import { lmtpManners } from './lmtp-manners.ts';
import { seePostfix } from './postfix-sightings.ts';
import { type RestartableLmtp, startRestartableLmtp } from './restartable-lmtp.ts';

/** Seconds for one delivery: what hangs is over soon. */
const timeout = '--timeout=8';

/** What was found out about an address is asked again sooner, as the queue is looked at sooner. */
const hurry = `
address_verify_negative_expire_time = 4s
address_verify_negative_refresh_time = 3s
`;

interface Site {
  readonly server: GroupServer;
  readonly command: InstalledCommand;
  readonly wentOffline: number[];
}

/** Starts the door by pipe(8). */
export async function openPipeDoor(): Promise<Door> {
  return await withSite(async (site) => {
    const way = { name: 'pipe(8)', snippet: 'postfix', artefact: 'smtp2gs', command: site.command } as const;
    const postfix = await startWay(way, site.server.url, { options: [timeout, '--slots=4'] });
    const door = doorOf('pipe', '\n', site, postfix);
    return { ...door, incidents: [...door.incidents, ...killedCommand(site.server, postfix.place)] };
  });
}

/** Starts the door by LMTP. */
export async function openLmtpDoor(): Promise<Door> {
  return await withSite(async (site) => {
    const directory = site.command.newDirectory();
    chmodSync(directory, 0o755);
    const lmtp = await startRestartableLmtp(site.command, site.server.url, join(directory, 'lmtp'), [timeout]);
    try {
      const postfix = await startPostfix({
        snippet: 'postfix-lmtp',
        PROGRAM: 'smtp2gs',
        mounts: { ...commandMounts(site.command), '/lmtp': directory },
        lmtpAddress: 'unix:/srv/lmtp/lmtp',
        settings: hurry,
      });
      return lmtpDoor(site, postfix, lmtp);
    } catch (error) {
      await lmtp.stop('SIGKILL');
      throw error;
    }
  });
}

function lmtpDoor(site: Site, postfix: PrivatePostfix, lmtp: RestartableLmtp): Door {
  const door = doorOf('lmtp', '\r\n', site, postfix);
  return {
    ...door,
    incidents: [...door.incidents, ...lmtpIncidents(site.server, lmtp)],
    processes: () => lmtp.pids().map((pid) => ({ what: 'LMTP server', pid })),
    manners: (send) => lmtpManners(site.server, postfix, lmtp, send),
    stop: async () => {
      await lmtp.stop('SIGKILL');
      await door.stop();
    },
  };
}

async function withSite(open: (site: Site) => Promise<Door>): Promise<Door> {
  const server = await startGroupServer({ keepMessages: 'digest' });
  const command = installCommand();
  try {
    return await open({ server, command, wentOffline: [] });
  } catch (error) {
    await server.stop();
    command.remove();
    throw error;
  }
}

function doorOf(
  name: string,
  lineEnd: '\r\n' | '\n',
  { server, command, wentOffline }: Site,
  postfix: PrivatePostfix,
): Door {
  const waiting = () =>
    ['incoming', 'active', 'deferred']
      .flatMap((queue) => readdirSync(postfix.place.path(`/srv/queue/${queue}`), { recursive: true, encoding: 'utf8' }))
      // The deferred queue has folders, named by one digit.
      .filter((name) => !/^[0-9A-F]$/.test(name)).length;
  return {
    name,
    where: { path: postfix.place.path(smtpSocket) },
    senderDomain: () => senderDomain,
    incidents: groupServerIncidents(server, wentOffline),
    backlog: waiting,
    calm: async () => {
      server.faults.clear();
      await server.online();
    },
    drain: (say) => drain(postfix, say),
    see: (accepted) => seePostfix(postfix, { server, wentOffline }, accepted, lineEnd),
    processes: () => [],
    stop: async () => {
      await postfix.stop();
      await server.stop();
      command.remove();
    },
  };
}

/** Milliseconds until the queue has to be empty, and between two looks at it. */
const patience = 400_000;
const pause = 2000;

/** Has the queue tried again and again until it is empty. */
async function drain(postfix: PrivatePostfix, say: (left: number) => void): Promise<void> {
  const end = performance.now() + patience;
  for (;;) {
    const left = await postfix.queue();
    say(left.length);
    if (left.length === 0) return;
    if (performance.now() > end)
      throw new Error(`${left.length} mails never leave the queue:\n${postfix.log().slice(-4000)}`);
    await postfix.place.must(['postqueue', '-f']);
    await sleep(pause);
  }
}
