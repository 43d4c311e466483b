/**
 * `smtp2gs lmtp` behind a private Postfix that is configured by infra/mta/postfix-lmtp.txt: what arrives, what Postfix
 * refuses before the mail is sent, and that no mail is lost, doubled or bounced while the web site or the LMTP server is
 * away.
 */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GroupServer, startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { commandMounts } from '../mta/command-in-place.ts';
import { author, withCrlf } from '../mta/scenario-by-mail.ts';
import { suiteNeeds } from '../required-suite.ts';
import { groupAddress, plainMail, token } from '../scenarios.ts';
import { artefacts, type InstalledCommand, installCommand } from '../smtp2gs/installed-command.ts';
import { type LmtpProcess, startLmtp } from '../smtp2gs/lmtp-process.ts';
import { type PrivatePostfix, startPostfix } from './private-postfix.ts';

const mail = { sender: author, recipients: [groupAddress], message: withCrlf(plainMail) };
const numbered = (number: number) => ({ ...mail, message: withCrlf(`X-No: ${number}\n${plainMail}`) });
const unknown = 'nobody@groups.example.com';

interface LmtpSite {
  readonly postfix: PrivatePostfix;
  readonly server: GroupServer;
  readonly lmtp: LmtpProcess;
  /** Starts another LMTP server where the first one was. */
  readonly startAgain: () => Promise<LmtpProcess>;
}

describe.runIf(suiteNeeds('postfix', { asRoot: true })).each(artefacts)('LMTP with %s', (artefact) => {
  let command: InstalledCommand;
  beforeAll(() => {
    command = installCommand();
  });
  afterAll(() => command.remove());

  async function start(onFinished: (stop: () => Promise<void>) => void): Promise<LmtpSite> {
    const server = await startGroupServer();
    onFinished(() => server.stop());
    const folder = mkdtempSync(join(command.directory, 'lmtp-'));
    const startAgain = async () => {
      const args = ['--socket-mode=666'];
      const lmtp = await startLmtp(command, artefact, server.url, { socket: join(folder, 'public', 'socket'), args });
      onFinished(async () => {
        await lmtp.stop('SIGKILL');
      });
      return lmtp;
    };
    mkdirSync(join(folder, 'public'));
    const lmtp = await startAgain();
    const postfix = await startPostfix({
      snippet: 'postfix-lmtp',
      PROGRAM: '/usr/bin/smtp2gs',
      mounts: { ...commandMounts(command), '/lmtp': join(folder, 'public') },
      lmtpAddress: 'unix:/srv/lmtp/socket',
    });
    onFinished(() => postfix.stop());
    return { postfix, server, lmtp, startAgain };
  }

  test.concurrent('a mail is posted to each of its groups, once, byte for byte', async ({ onTestFinished }) => {
    const { postfix, server } = await start(onTestFinished);
    const groups = ['example_group', 'second_group', 'third_group'];
    const message = Buffer.from(`${plainMail}\xe9\0\n.\n${'long '.repeat(1000)}\n`, 'latin1');
    const recipients = groups.map((group) => `${group}@groups.example.com`);
    await postfix.send({ ...mail, recipients, message: withCrlf(message) });
    await postfix.emptyQueue();
    expect(server.posts.map(({ groupId }) => groupId).sort()).toEqual(groups);
    for (const post of server.posts) {
      const posted = (await post.message.bytes()).toString('latin1').replaceAll('\r\n', '\n');
      expect(posted).toMatch(new RegExp(`^X-Original-To: ${post.groupId}@groups\\.example\\.com\n`));
      expect(posted.endsWith(`\n${message.toString('latin1')}`)).toBe(true);
    }
  });

  test.concurrent('an unknown group is refused in SMTP, before the mail is sent', async ({ onTestFinished }) => {
    const { postfix, server } = await start(onTestFinished);
    const refusal = await postfix.send({ ...mail, recipients: [unknown] }).catch(String);
    expect(refusal).toMatch(/550 5\.1\.1 <nobody@groups\.example\.com>: .*There is no group with this address/);
    expect(refusal).not.toContain(token);
    await postfix.send(mail);
    await postfix.emptyQueue();
    expect(server.posts).toMatchObject([{ groupId: 'example_group' }]);
    expect(await postfix.returned(0)).toEqual([]);
  });

  test.concurrent('a member gets relayed mail, and the bounce of a member is recorded', async ({ onTestFinished }) => {
    const { postfix, server } = await start(onTestFinished);
    await postfix.send({ ...mail, recipients: ['p-ada@groups.example.com'] });
    await postfix.send({ ...mail, sender: '', recipients: ["example_group+o'b=ex.com@groups.example.com"] });
    await postfix.emptyQueue();
    expect(server.relayed).toHaveLength(1);
    expect(server.bounces).toMatchObject([{ userEmail: "o'b@ex.com", groupEmail: groupAddress }]);
  });

  test.concurrent('mail that comes while the web site restarts is taken, and delivered afterwards', async (context) => {
    const { postfix, server } = await start(context.onTestFinished);
    for (let number = 0; number < 24; number += 1) {
      if (number === 6) await server.offline();
      if (number === 18) await server.online();
      await postfix.send(numbered(number));
      await sleep(100);
    }
    await expectAllPosted(postfix, server, 24);
    expect(postfix.log()).toMatch(/dsn=4\.4\.4, status=deferred/);
  });

  test.concurrent('mail to a group that nobody has asked for yet is taken while the web site is away', async (context) => {
    const { postfix, server } = await start(context.onTestFinished);
    await server.offline();
    await postfix.send(mail);
    await server.online();
    await expectAllPosted(postfix, server, 1);
  });

  test.concurrent.for(['SIGTERM', 'SIGKILL'] as const)(
    'no mail is lost or doubled when the LMTP server is ended by %s and comes again',
    async (signal, { onTestFinished }) => {
      const { postfix, server, lmtp, startAgain } = await start(onTestFinished);
      for (let number = 0; number < 20; number += 1) {
        if (number === 8) await lmtp.stop(signal);
        if (number === 14) await startAgain();
        await postfix.send(numbered(number));
        await sleep(50);
      }
      await expectAllPosted(postfix, server, 20);
    },
  );
});

async function expectAllPosted(postfix: PrivatePostfix, server: GroupServer, count: number): Promise<void> {
  await postfix.emptyQueue();
  expect(server.posts).toHaveLength(count);
  expect(postfix.log()).not.toMatch(/status=bounced|Non-delivery/);
  expect(await postfix.returned(0)).toEqual([]);
}
