/**
 * What happens to mail while something goes wrong and is mended: a web site that restarts, a bad configuration, a full
 * disk, a command that is too slow or is killed. Nobody touches the queue; every mail ends as exactly one post, and its
 * sender hears of nothing.
 */
import { chmodSync, chownSync, readdirSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandsIn, configFile, signalCommand, writeConfig } from '../mta/command-in-place.ts';
import type { PrivatePlace } from '../mta/private-place.ts';
import { author, withCrlf } from '../mta/scenario-by-mail.ts';
import { suiteNeeds } from '../required-suite.ts';
import { configText, groupAddress, plainMail, token } from '../scenarios.ts';
import { type InstalledCommand, installCommand } from '../smtp2gs/installed-command.ts';
import { type Site, startSite, ways } from './postfix-site.ts';
import { until } from './until.ts';

const mail = { sender: author, recipients: [groupAddress], message: withCrlf(plainMail) };
const threeMegabytes = withCrlf(`${plainMail}${`${'x'.repeat(99)}\n`.repeat(30_000)}`);

/** What is wrong with the configuration; mended by writing a good one. */
const badConfigurations: Record<string, (place: PrivatePlace) => void> = {
  'is missing': (place) => rmSync(place.path(configFile)),
  'has a typing error': (place) => writeConfig(place, configText.replace('token =', 'token')),
  'has a wrong token': (place) => writeConfig(place, configText.replace(token, 'aWrongToken')),
  'may not be read by the command': (place) => {
    chownSync(place.path(configFile), 0, 0);
    chmodSync(place.path(configFile), 0o600);
  },
};

describe.runIf(suiteNeeds('postfix', { asRoot: true })).each(ways)('through $name', (way) => {
  let command: InstalledCommand;
  beforeAll(() => {
    command = installCommand();
  });
  afterAll(() => command.remove());
  const start = (onFinished: (stop: () => Promise<void>) => void, options: Parameters<typeof startSite>[2] = {}) =>
    startSite({ ...way, command }, onFinished, options);

  test.concurrent('mail that comes while the web site restarts is delivered afterwards', async ({ onTestFinished }) => {
    const site = await start(onTestFinished);
    for (let number = 0; number < 24; number += 1) {
      if (number === 6) await site.server.offline();
      if (number === 18) await site.server.online();
      await site.postfix.send({ ...mail, message: withCrlf(`Message-ID: <${number}@example.net>\n${plainMail}`) });
      await sleep(100);
    }
    await expectAllPosted(site, 24);
    expect(site.postfix.log()).toMatch(/dsn=4\.4\.4, status=deferred/);
  });

  test.concurrent('forty mails at once are delivered', async ({ onTestFinished }) => {
    const site = await start(onTestFinished);
    const numbers = Array.from({ length: 40 }, (_, number) => number);
    await Promise.all(
      numbers.map((number) => site.postfix.send({ ...mail, message: withCrlf(`X-No: ${number}\n\n`) })),
    );
    await expectAllPosted(site, 40);
  });

  test.concurrent.for(Object.entries(badConfigurations))(
    'a configuration that %s defers mail, which is delivered when it is mended',
    async ([, spoil], { onTestFinished }) => {
      const site = await start(onTestFinished);
      spoil(site.postfix.place);
      const queueId = await site.postfix.send(mail);
      const { dsn, status, text } = await site.postfix.attempt(queueId);
      expect([status, dsn]).toEqual(['deferred', expect.stringMatching(/^4\.(3\.5|5\.0)$/)]);
      expect(text).not.toMatch(/theValueOfTheToken|aWrongToken/);
      writeConfig(site.postfix.place, configText);
      await expectAllPosted(site, 1);
    },
  );

  test.concurrent('a full disk defers large mail, which is delivered when there is room', async ({
    onTestFinished,
  }) => {
    const site = await start(onTestFinished, { varTmpSize: '1m' });
    const queueId = await site.postfix.send({ ...mail, message: threeMegabytes });
    expect(await site.postfix.attempt(queueId)).toMatchObject({ dsn: '4.3.0', status: 'deferred' });
    await site.postfix.place.must(['mount', '-o', 'remount,size=50%', '/var/tmp']);
    await expectAllPosted(site, 1);
  });

  test.concurrent('a server that never answers defers mail before the limit of Postfix is reached', async (test) => {
    const site = await start(test.onTestFinished, { options: ['--timeout=2'] });
    site.server.faults.next({ kind: 'hang', when: 'after-body' });
    const queueId = await site.postfix.send(mail);
    expect(await site.postfix.attempt(queueId)).toMatchObject({ dsn: '4.4.2', status: 'deferred' });
    await expectAllPosted(site, 1);
  });

  test.concurrent('a command that is slower than the limit of Postfix defers the mail all the same', async (test) => {
    const limits = 'smtp2gs_time_limit = 2s\ncommand_time_limit = 2s\n';
    const site = await start(test.onTestFinished, { settings: limits });
    site.server.faults.next({ kind: 'hang', when: 'after-body' });
    const queueId = await site.postfix.send(mail);
    const attempt = await site.postfix.attempt(queueId);
    expect(attempt).toMatchObject({ dsn: '4.3.0', status: 'deferred' });
    expect(attempt.text).toMatch(/^Command time limit exceeded/);
    await expectAllPosted(site, 1);
  });

  test.concurrent.for([
    ['TERM', /^The mail gateway failed, the mail is kept: stopped by SIGTERM$/],
    ['KILL', /^Command died with signal 9/],
    ['SEGV', /^Command died with signal 11/],
  ] as const)('a command that gets SIG%s defers the mail and blocks no other', async ([signal, text], test) => {
    const site = await start(test.onTestFinished);
    site.server.faults.next({ kind: 'hang', when: 'after-body' });
    const queueId = await site.postfix.send(mail);
    await until('the command waits for the answer', () => site.server.requests.length > 0, site.postfix.log);
    await signalCommand(site.postfix.place, signal);
    const attempt = await site.postfix.attempt(queueId);
    expect(attempt).toMatchObject({ dsn: '4.3.0', status: 'deferred' });
    expect(attempt.text).toMatch(text);
    await site.postfix.send({ ...mail, message: withCrlf(`X-Other: mail\n${plainMail}`) });
    await expectAllPosted(site, 2);
    expect(site.postfix.log()).not.toContain('4.4.5');
  });

  test.concurrent('mail that Postfix gives up goes back with the reason and no secret', async ({ onTestFinished }) => {
    const { postfix, server } = await start(onTestFinished, { settings: 'maximal_queue_lifetime = 2s\n' });
    await server.offline();
    await postfix.send(mail);
    const [bounce] = await postfix.returned();
    expect(bounce).toMatch(/^Status: 4\.4\.4\n/m);
    expect(bounce).toMatch(/^Diagnostic-Code: x-unix; Cannot connect to the group server:/m);
    expect(bounce).not.toMatch(/token|gsconfig|--config/i);
    await postfix.emptyQueue();
  });
});

/** Every mail became one post, nothing went back to a sender, and nothing is left of the command. */
async function expectAllPosted({ postfix, server }: Site, count: number): Promise<void> {
  await postfix.emptyQueue();
  expect(server.posts).toHaveLength(count);
  expect(postfix.log()).not.toMatch(/status=bounced|Non-delivery/);
  expect(await postfix.returned(0)).toEqual([]);
  expect(readdirSync(postfix.place.path('/var/tmp'))).toEqual([]);
  await until('no process of the command is left', () => commandsIn(postfix.place).length === 0);
}
