/**
 * The core cases for a mail system that sees nothing but exit statuses: one row of the scenarios for each way in which a
 * delivery can end, each recipient, and that nothing that goes wrong on the way bounces mail. What only one mail system
 * has stands in its own test file.
 */
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type GroupServer,
  type GroupServerOptions,
  startGroupServer,
} from '../../infra/local/group-server/group-server.ts';
import { until } from '../postfix/until.ts';
import { configText, groupAddress, type Scenario, scenarios } from '../scenarios.ts';
import { artefacts, type InstalledCommand, installCommand } from '../smtp2gs/installed-command.ts';
import { commandMounts, commandWords, configFile, signalCommand, writeConfig } from './command-in-place.ts';
import { throughMailSystem } from './exit-status-door.ts';
import type { MailSystem, MailSystemOptions, Outcome } from './mail-system.ts';
import { author, completeMail, whyNot, withCrlf } from './scenario-by-mail.ts';

/** A mail to a group, to be sent by SMTP. */
export const mail = { sender: author, recipients: [groupAddress], message: withCrlf(completeMail) };

/** Starts a mail system, the command and a reference GroupServer behind it, and sees to it that they are stopped. */
export type StartSite = (
  onFinished: (stop: () => Promise<void>) => void,
  options?: GroupServerOptions,
) => Promise<[MailSystem, GroupServer]>;

export interface CoreCases {
  readonly start: (options: MailSystemOptions) => Promise<MailSystem>;
  /** What becomes of mail when the command is killed; nothing but `bounced` is good. */
  readonly whenKilled: Outcome;
  /** The log has what the command says when it succeeds. */
  readonly logsSuccess: boolean;
  /** Tries again what is `whenKilled`. */
  readonly retry?: (system: MailSystem, id: string) => Promise<unknown>;
}

/** Some mail systems refuse the long line of the row in the list. */
const tooLarge: Scenario = {
  title: 'a mail above the maximum bounces before anything is sent',
  mail: `${completeMail}${'many lines\n'.repeat(100_000)}`,
  maxSize: 1,
  expected: { kind: 'message-too-large', requests: [], says: /1 MiB/ },
};

const rows = scenarios.filter((row) => !row.times && whyNot(row) === undefined);
const kinds = new Set(rows.map(({ expected }) => expected.kind));
const oneRowForEachKind = [...kinds].flatMap((kind) =>
  kind === 'message-too-large' ? tooLarge : (rows.find(({ expected }) => expected.kind === kind) ?? []),
);

/** Declares the core cases, and what else there is to test with a site. */
export function coreCases(
  { start, whenKilled, logsSuccess, retry }: CoreCases,
  more: (startSite: StartSite) => void,
): void {
  let command: InstalledCommand;
  beforeAll(() => {
    command = installCommand();
  });
  afterAll(() => command.remove());

  const startSite: StartSite = async (onFinished, options = {}) => {
    const server = await startGroupServer(options);
    onFinished(() => server.stop());
    const system = await start({
      PROGRAM: commandWords(command, 'smtp2gs'),
      URL: server.url,
      mounts: commandMounts(command),
    });
    onFinished(() => system.stop());
    writeConfig(system.place, configText);
    return [system, server];
  };

  const visible = oneRowForEachKind.filter(({ expected }) => logsSuccess || expected.kind !== 'bounce-recorded');
  for (const artefact of artefacts) {
    describe(`with ${artefact}`, () => {
      test.concurrent.each(visible)('$title', (row) => throughMailSystem(row, command, artefact, start));
    });
  }

  test.concurrent('each of several recipients gets the mail, however odd its characters are', async (context) => {
    const groups = ['example_group', 'r&d', "o'brien", 'a`id`|b$HOME'];
    const [system, server] = await startSite(context.onTestFinished, { groups });
    await system.send({ ...mail, recipients: groups.map((group) => `${group}@groups.example.com`) });
    await system.emptyQueue();
    expect(server.posts.map(({ groupId }) => groupId).sort()).toEqual([...groups].sort());
  });

  test.concurrent('a forged X-Original-To is not believed', async ({ onTestFinished }) => {
    const [system, server] = await startSite(onTestFinished);
    await system.send({
      ...mail,
      message: withCrlf(`X-Original-To: second_group@groups.example.com\n${completeMail}`),
    });
    await system.emptyQueue();
    expect(server.posts).toMatchObject([{ groupId: 'example_group' }]);
  });

  test.concurrent('the bounce of a member is recorded, and what the command says of it is no failure', async (context) => {
    const [system, server] = await startSite(context.onTestFinished);
    await system.send({ ...mail, sender: '', recipients: ["example_group+o'b=ex.com@groups.example.com"] });
    await system.emptyQueue();
    expect(server.bounces).toMatchObject([{ userEmail: "o'b@ex.com", groupEmail: groupAddress }]);
    expect(system.said().line).not.toContain('not the null sender');
    expect(system.returned()).toBe('');
  });

  test.concurrent('mail that comes while the web site restarts is delivered afterwards', async ({ onTestFinished }) => {
    const [system, server] = await startSite(onTestFinished);
    const ids: string[] = [];
    for (let number = 0; number < 16; number += 1) {
      if (number === 4) await server.offline();
      if (number === 12) await server.online();
      ids.push(await system.send({ ...mail, message: withCrlf(`X-No: ${number}\n${completeMail}`) }));
      await sleep(100);
    }
    await system.emptyQueue();
    expect(server.posts).toHaveLength(16);
    expect(ids.flatMap(system.outcomes)).toContain('deferred');
    expect(system.returned()).toBe('');
  });

  test.concurrent('a missing configuration defers mail, which is delivered when it is there', async (context) => {
    const [system, server] = await startSite(context.onTestFinished);
    rmSync(system.place.path(configFile));
    await system.outcome(await system.send(mail), 'deferred');
    writeConfig(system.place, configText);
    await system.emptyQueue();
    expect(server.posts).toHaveLength(1);
    expect(system.returned()).toBe('');
  });

  test.concurrent.for([
    ['TERM', 'deferred'],
    ['KILL', whenKilled],
  ] as const)('the mail of a command that gets SIG%s is %s and delivered later', async ([signal, outcome], context) => {
    const [system, server] = await startSite(context.onTestFinished);
    server.faults.next({ kind: 'hang', when: 'after-body' });
    const id = await system.send(mail);
    await until('the command waits for the answer', () => server.requests.length > 0, system.log);
    await signalCommand(system.place, signal);
    await system.outcome(id, outcome);
    if (signal === 'KILL') await retry?.(system, id);
    await system.emptyQueue();
    expect(server.posts).toHaveLength(1);
    expect(system.returned()).toBe('');
  });

  test.concurrent.for([
    ['ends with status 1 without a word', 'exit 1'],
    ['has no interpreter', 'exec /srv/no-such-program'],
    ['is not there', undefined],
  ] as const)('a command that %s defers the mail', async ([, script], { onTestFinished }) => {
    const system = await start({ PROGRAM: '/srv/stand-in' });
    onTestFinished(() => system.stop());
    if (script !== undefined) system.place.write('/srv/stand-in', `#!/bin/sh\n${script}\n`, 0o755);
    const id = await system.send(mail);
    await system.outcome(id, 'deferred');
    expect(system.outcomes(id)).not.toContain('bounced');
  });

  more(startSite);
}
