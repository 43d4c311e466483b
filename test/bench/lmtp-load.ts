/**
 * Starts `smtp2gs lmtp` and sends it mail as Postfix does: kept connections, commands in one piece (RFC 2920), the next
 * mail when the last one was answered.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openSession, stuffed } from '../smtp2gs/lmtp-client.ts';
import type { Artefact } from './commands.ts';
import type { Context } from './context.ts';
import { recipient } from './workshop.ts';

export interface Lmtp {
  readonly socket: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts the server on a Unix socket; rejects when it does not come up. */
export async function startLmtp({ commands, workshop }: Context, artefact: Artefact, url: string): Promise<Lmtp> {
  const [program = '', ...words] = commands.words(artefact) ?? [];
  const socket = join(workshop.folder, `lmtp-${artefact}`);
  const options = ['lmtp', '--listen', socket, '--config', workshop.configFile, '--concurrency', '8', url];
  const child = spawn(program, [...words, ...options], {
    // It tells of each mail, and nobody reads that.
    stdio: ['ignore', 'ignore', 'ignore'],
    env: { PATH: '/usr/bin:/bin', LANG: 'C' },
  });
  for (let tries = 0; !existsSync(socket); tries += 1) {
    if (tries > 500 || child.exitCode !== null) throw new Error('smtp2gs lmtp has not come up');
    await delay(10);
  }
  return { socket, pid: child.pid ?? 0, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** Sends so many mails over `atOnce` connections. */
export async function sendByLmtp(
  { socket, pid }: Lmtp,
  mail: Buffer,
  mails: number,
  atOnce: number,
): Promise<{ mails: number; perSecond: number; cpu: number; rss: number; failed: number }> {
  const data = stuffed(Buffer.from(mail.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1'));
  let left = mails;
  let failed = 0;
  const work = async () => {
    const session = await openSession({ path: socket });
    while (left > 0) {
      left -= 1;
      session.write(`MAIL FROM:<ada@example.com>\r\nRCPT TO:<${recipient}>\r\nDATA\r\n`);
      for (let replies = 0; replies < 3; replies += 1) await session.reply();
      session.write(data);
      const reply = await session.reply();
      if (!reply.startsWith('250')) failed += 1;
    }
    session.close();
  };
  const cpuBefore = cpuOf(pid);
  const begun = performance.now();
  await Promise.all(Array.from({ length: atOnce }, work));
  const wall = performance.now() - begun;
  return {
    mails,
    perSecond: (mails - failed) / (wall / 1000),
    cpu: (cpuOf(pid) - cpuBefore) / mails,
    rss: Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024,
    failed,
  };
}

/** Milliseconds of processor time so far (proc(5): the clock ticks 100 times a second). */
function cpuOf(pid: number): number {
  const [, , ...fields] = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/\(.*\)/, 'x')
    .split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}
