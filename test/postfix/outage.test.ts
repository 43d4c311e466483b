/**
 * A steady ten mails a second into a private Postfix while GroupServer goes away and comes back: none is lost, none
 * bounces, none is posted twice. SMTP2GS_OUTAGE_SECONDS makes the outage longer than the few seconds of CI.
 */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GroupServer, startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { commandMounts } from '../mta/command-in-place.ts';
import { author, withCrlf } from '../mta/scenario-by-mail.ts';
import { suiteNeeds } from '../required-suite.ts';
import { groupAddress, plainMail } from '../scenarios.ts';
import { type InstalledCommand, installCommand } from '../smtp2gs/installed-command.ts';
import { startLmtp } from '../smtp2gs/lmtp-process.ts';
import { startWay } from './postfix-site.ts';
import { type PrivatePostfix, startPostfix } from './private-postfix.ts';

const outage = Number(process.env['SMTP2GS_OUTAGE_SECONDS'] ?? 5);
const before = 2;
const perSecond = 10;

describe.runIf(suiteNeeds('postfix', { asRoot: true }))(
  `GroupServer is away for ${outage} s under ${perSecond} mails/s`,
  () => {
    let command: InstalledCommand;
    beforeAll(() => {
      command = installCommand();
    });
    afterAll(() => command.remove());

    type Finish = (stop: () => Promise<void>) => void;
    const waysIn = {
      pipe: async (server: GroupServer) =>
        await startWay({ name: 'pipe(8)', snippet: 'postfix', artefact: 'smtp2gs', command }, server.url),
      LMTP: async (server: GroupServer, onFinished: Finish) => {
        const folder = join(mkdtempSync(join(command.directory, 'lmtp-')), 'public');
        mkdirSync(folder);
        const lmtp = await startLmtp(command, 'smtp2gs', server.url, {
          socket: join(folder, 'socket'),
          args: ['--socket-mode=666'],
        });
        onFinished(async () => {
          await lmtp.stop('SIGKILL');
        });
        return await startPostfix({
          snippet: 'postfix-lmtp',
          PROGRAM: '/usr/bin/smtp2gs',
          mounts: { ...commandMounts(command), '/lmtp': folder },
          lmtpAddress: 'unix:/srv/lmtp/socket',
        });
      },
    };

    test.each(Object.entries(waysIn))(
      'through %s nothing is lost, bounced or doubled',
      async (_, open) => {
        const stops: (() => Promise<void>)[] = [];
        const server = await startGroupServer();
        try {
          const postfix = await open(server, (stop) => stops.push(stop));
          stops.push(() => postfix.stop());
          const sent = await sendSteadily(postfix, server);
          await postfix.emptyQueue();
          const numbers = server.posts.map(
            ({ message }) => /^X-No: (\d+)\r?$/m.exec(message.head.toString('latin1'))?.[1],
          );
          expect(new Set(numbers).size).toBe(sent);
          expect(server.posts).toHaveLength(sent);
          expect(server.duplicates).toEqual([]);
          expect(await postfix.returned(0)).toEqual([]);
          expect(postfix.log()).toMatch(/dsn=4\.4\.4, status=deferred/);
        } finally {
          for (const stop of stops.reverse()) await stop();
          await server.stop();
        }
      },
      (outage + 300) * 1000,
    );

    async function sendSteadily(postfix: PrivatePostfix, server: GroupServer): Promise<number> {
      const start = performance.now();
      let sent = 0;
      for (; sent < (outage + 2 * before) * perSecond; sent += 1) {
        if (sent === before * perSecond) await server.offline();
        if (sent === (before + outage) * perSecond) await server.online();
        const message = withCrlf(`X-No: ${sent}\n${plainMail}`);
        await postfix.send({ sender: author, recipients: [groupAddress], message });
        await sleep(Math.max(0, start + ((sent + 1) * 1000) / perSecond - performance.now()));
      }
      return sent;
    }
  },
);
