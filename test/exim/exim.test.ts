/**
 * The command behind a private Exim, which sees nothing but exit statuses: one row of the scenarios for each way in
 * which a delivery can end, what arrives at GroupServer, and that nothing that goes wrong on the way bounces mail.
 */
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type GroupServer,
  type GroupServerOptions,
  startGroupServer,
} from '../../infra/local/group-server/group-server.ts';
import { commandMounts, commandWords, configFile, signalCommand, writeConfig } from '../postfix/command-in-place.ts';
import { author, whyNot, withCrlf } from '../postfix/scenario-by-mail.ts';
import { until } from '../postfix/until.ts';
import { suiteNeeds } from '../required-suite.ts';
import { configText, groupAddress, plainMail, scenarios } from '../scenarios.ts';
import { artefacts, type InstalledCommand, installCommand } from '../smtp2gs/installed-command.ts';
import { throughExim } from './exim-door.ts';
import { eximProgram, type PrivateExim, startExim } from './private-exim.ts';

const mail = { sender: author, recipients: [groupAddress], message: withCrlf(plainMail) };
type OnFinished = (stop: () => Promise<void>) => void;

const kinds = new Set(scenarios.map(({ expected }) => expected.kind));
const oneRowForEachKind = [...kinds].flatMap(
  (kind) => scenarios.find((row) => row.expected.kind === kind && !row.times && whyNot(row) === undefined) ?? [],
);

describe.runIf(suiteNeeds(eximProgram, { asRoot: true }))('Exim', () => {
  let command: InstalledCommand;
  beforeAll(() => {
    command = installCommand();
  });
  afterAll(() => command.remove());

  async function start(onFinished: OnFinished, options: GroupServerOptions = {}): Promise<[PrivateExim, GroupServer]> {
    const server = await startGroupServer(options);
    onFinished(() => server.stop());
    const PROGRAM = commandWords(command, 'smtp2gs');
    const exim = await startExim({ PROGRAM, URL: server.url, mounts: commandMounts(command) });
    onFinished(() => exim.stop());
    writeConfig(exim.place, configText);
    return [exim, server];
  }

  for (const artefact of artefacts) {
    describe(`with ${artefact}`, () => {
      test.concurrent.each(oneRowForEachKind)('$title', (row) => throughExim(row, command, artefact));
    });
  }

  test.concurrent.for([
    ['plain text', plainMail],
    ['8-bit, NUL and mbox lines', Buffer.from(`${plainMail}\xe9\0\nFrom ada\n.\n\n`, 'latin1')],
    ['a line of 100,000 characters', `${plainMail}${'long '.repeat(20_000)}\n`],
  ] as const)('a mail arrives byte for byte: %s', async ([, message], { onTestFinished }) => {
    const [exim, server] = await start(onTestFinished);
    await exim.send({ ...mail, message: withCrlf(message) });
    await exim.emptyQueue();
    const posted = (await server.posts[0]?.message.bytes())?.toString('latin1') ?? '';
    expect(posted).toMatch(
      new RegExp(`^Return-path: <${author}>\nEnvelope-to: ${groupAddress}\nDelivery-date: .*\nReceived: `),
    );
    expect(posted.endsWith(`\n${Buffer.from(message).toString('latin1')}`)).toBe(true);
  });

  test.concurrent('each of several recipients gets the mail, however odd its characters are', async (context) => {
    const groups = ['example_group', 'r&d', "o'brien", 'a`id`|b$HOME', 'a:ORIGINAL_RECIPIENT=x'];
    const [exim, server] = await start(context.onTestFinished, { groups });
    const recipients = groups.map((group) => `${group.includes(':') ? `"${group}"` : group}@groups.example.com`);
    await exim.send({ ...mail, recipients });
    await exim.emptyQueue();
    expect(server.posts.map(({ groupId }) => groupId).sort()).toEqual([...groups].sort());
  });

  test.concurrent('a forged X-Original-To is not believed', async ({ onTestFinished }) => {
    const [exim, server] = await start(onTestFinished);
    await exim.send({ ...mail, message: withCrlf(`X-Original-To: second_group@groups.example.com\n${plainMail}`) });
    await exim.emptyQueue();
    expect(server.posts).toMatchObject([{ groupId: 'example_group' }]);
  });

  test.concurrent('the bounce of a member is recorded, and what the command says of it is no failure', async (context) => {
    const [exim, server] = await start(context.onTestFinished);
    await exim.send({ ...mail, sender: '', recipients: ["example_group+o'b=ex.com@groups.example.com"] });
    await exim.emptyQueue();
    expect(server.bounces).toMatchObject([{ userEmail: "o'b@ex.com", groupEmail: groupAddress }]);
    expect(exim.log()).toMatch(/transport output: 2\.1\.5 /);
    expect(exim.returned()).toBe('');
  });

  test.concurrent('mail that comes while the web site restarts is delivered afterwards', async ({ onTestFinished }) => {
    const [exim, server] = await start(onTestFinished);
    for (let number = 0; number < 16; number += 1) {
      if (number === 4) await server.offline();
      if (number === 12) await server.online();
      await exim.send({ ...mail, message: withCrlf(`X-No: ${number}\n${plainMail}`) });
      await sleep(100);
    }
    await exim.emptyQueue();
    expect(server.posts).toHaveLength(16);
    expect(exim.log()).toMatch(/transport output: 4\.4\.4 /);
    expect(exim.returned()).toBe('');
  });

  test.concurrent('a missing configuration defers mail, which is delivered when it is there', async (context) => {
    const [exim, server] = await start(context.onTestFinished);
    rmSync(exim.place.path(configFile));
    await exim.outcome(await exim.send(mail), 'deferred');
    writeConfig(exim.place, configText);
    await exim.emptyQueue();
    expect(server.posts).toHaveLength(1);
    expect(exim.returned()).toBe('');
  });

  test.concurrent.for([
    ['TERM', 'is deferred and delivered later'],
    ['KILL', 'is frozen, not bounced'],
  ] as const)('the mail of a command that gets SIG%s %s', async ([signal], { onTestFinished }) => {
    const [exim, server] = await start(onTestFinished);
    server.faults.next({ kind: 'hang', when: 'after-body' });
    const id = await exim.send(mail);
    await until('the command waits for the answer', () => server.requests.length > 0, exim.log);
    await signalCommand(exim.place, signal);
    await exim.outcome(id, signal === 'TERM' ? 'deferred' : 'frozen');
    if (signal === 'KILL') await exim.place.must([eximProgram, '-Mt', id]); // what auto_thaw does after a while
    await exim.emptyQueue();
    expect(server.posts).toHaveLength(1);
    expect(exim.returned()).toBe('');
  });

  test.concurrent.for([
    ['ends with status 1 without a word', 'exit 1'],
    ['has no interpreter', 'exec /srv/no-such-program'],
  ] as const)('a command that %s defers the mail', async ([, script], { onTestFinished }) => {
    const exim = await startExim({ PROGRAM: '/srv/stand-in' });
    onTestFinished(() => exim.stop());
    exim.place.write('/srv/stand-in', `#!/bin/sh\n${script}\n`, 0o755);
    const id = await exim.send(mail);
    await exim.outcome(id, 'deferred');
    expect(exim.outcomes(id)).not.toContain('bounced');
  });

  test.concurrent('a command that is not there defers the mail', async ({ onTestFinished }) => {
    const exim = await startExim({ PROGRAM: '/srv/no-such-program' });
    onTestFinished(() => exim.stop());
    await exim.outcome(await exim.send(mail), 'deferred');
  });
});
