/**
 * What arrives at GroupServer of a mail that Postfix took: every byte behind the header fields that Postfix adds, for
 * the right group, member or bounce, whatever the recipient looks like and whatever the mail claims.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Post, Relayed } from '../../infra/local/group-server/group-server.ts';
import { author, withCrlf } from '../mta/scenario-by-mail.ts';
import { suiteNeeds } from '../required-suite.ts';
import { groupAddress, plainMail } from '../scenarios.ts';
import { type InstalledCommand, installCommand } from '../smtp2gs/installed-command.ts';
import { startSite, ways } from './postfix-site.ts';

const megabyte = 1_000_000;
const inHeader = (body: string | Buffer) => Buffer.concat([Buffer.from('Subject: Bytes\n\n'), Buffer.from(body)]);

/** Lines end with LF, as in the post. */
const contents: { title: string; message: Buffer }[] = [
  { title: 'plain text', message: Buffer.from(plainMail) },
  { title: 'every byte but NUL, CR and LF', message: inHeader(Buffer.concat([everyByte(), Buffer.from('\n')])) },
  { title: 'NUL', message: inHeader('a\0b\n') },
  { title: '8-bit header fields', message: Buffer.from('Subject: K\xf6ln\n\n\n', 'latin1') },
  { title: 'a line of 100,000 characters', message: inHeader(`${'long '.repeat(20_000)}\n`) },
  { title: 'lines with dots and From', message: inHeader('.\n..\n.dot\nFrom ada\n>From ada\n\n\n') },
  { title: 'no body', message: Buffer.from('Subject: Nothing\n\n') },
  { title: 'no header section', message: Buffer.from('\nOnly a body\n') },
  { title: 'more than fits into memory buffers', message: inHeader(`${'x'.repeat(70)}\n`.repeat(30_000)) },
  { title: '30 MB', message: inHeader(Buffer.from(`${'\xe9'.repeat(99)}\n`.repeat((30 * megabyte) / 100), 'latin1')) },
];

function everyByte(): Buffer {
  return Buffer.from(Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => ![0, 10, 13].includes(byte)));
}

/** Local parts with characters that local(8) replaces in the environment, and others that a shell would act on. */
const oddLocalParts = ['r&d', "o'brien", 'a$HOME', 'a`id`', 'a|b', 'a*b', 'a{b}', 'a#b', 'a?b^c~d', 'tag+ged', 'A.B_C'];

describe.runIf(suiteNeeds('postfix', { asRoot: true })).each(ways)('through $name', (way) => {
  let command: InstalledCommand;
  beforeAll(() => {
    command = installCommand();
  });
  afterAll(() => command.remove());

  test.concurrent.for(contents)('a mail arrives byte for byte: $title', async (row, { onTestFinished }) => {
    const { postfix, server } = await startSite({ ...way, command }, onTestFinished);
    const queueId = await postfix.send({ sender: author, recipients: [groupAddress], message: withCrlf(row.message) });
    await postfix.attempt(queueId, { status: 'sent' });
    await postfix.emptyQueue();
    expect(server.posts).toHaveLength(1);
    await expectMessage(server.posts[0], groupAddress, row.message);
  });

  test.concurrent('a mail to several groups is posted to each, once', async ({ onTestFinished }) => {
    const { postfix, server } = await startSite({ ...way, command }, onTestFinished);
    const groups = ['example_group', 'second_group', 'third_group'];
    const recipients = [...groups, 'nobody'].map((group) => `${group}@groups.example.com`);
    const queueId = await postfix.send({ sender: author, recipients, message: withCrlf(plainMail) });
    await postfix.emptyQueue();
    expect(server.posts.map(({ groupId }) => groupId).sort()).toEqual(groups);
    for (const post of server.posts) {
      await expectMessage(post, `${post.groupId}@groups.example.com`, Buffer.from(plainMail));
    }
    expect(postfix.attempts(queueId).filter(({ status }) => status === 'bounced')).toMatchObject([
      { recipient: 'nobody@groups.example.com', dsn: '5.1.1' },
    ]);
    const [bounce, ...more] = await postfix.returned();
    expect(bounce).toMatch(/^Final-Recipient: .*(nobody@groups\.example\.com|groupserver-automagic@localhost)$/m);
    expect(bounce).not.toContain('group@groups.example.com>:');
    expect(more).toEqual([]);
  });

  test.concurrent('a mail to a member is relayed, byte for byte', async ({ onTestFinished }) => {
    const { postfix, server } = await startSite({ ...way, command }, onTestFinished);
    const recipient = 'p-member@groups.example.com';
    const message = `To: ${recipient}\n\nHello\n`;
    await postfix.send({ sender: author, recipients: [recipient], message: withCrlf(message) });
    await postfix.emptyQueue();
    expect(server.relayed).toMatchObject([{ to: recipient }]);
    await expectMessage(server.relayed[0], recipient, Buffer.from(message));
  });

  test.concurrent.for([
    ['ada=example.com', 'ada@example.com'],
    ["o'b=ex.com", "o'b@ex.com"],
    ['r&d=ex.com', 'r&d@ex.com'],
  ] as const)('the bounce of a member at %s is recorded', async ([extension, userEmail], { onTestFinished }) => {
    const { postfix, server } = await startSite({ ...way, command }, onTestFinished);
    const recipient = `example_group+${extension}@groups.example.com`;
    const queueId = await postfix.send({ sender: '', recipients: [recipient], message: withCrlf(plainMail) });
    const { text } = await postfix.attempt(queueId, { recipient, status: 'sent' });
    expect(text).not.toContain('not the null sender');
    await postfix.emptyQueue();
    expect(server.bounces).toMatchObject([{ userEmail, groupEmail: groupAddress }]);
    expect(server.posts).toEqual([]);
  });

  test.concurrent('the recipient is what was addressed, however odd its characters are', async ({ onTestFinished }) => {
    const { postfix, server } = await startSite({ ...way, command }, onTestFinished, {
      server: { groups: oddLocalParts },
    });
    const recipients = oddLocalParts.map((localPart) => `${localPart}@groups.example.com`);
    await postfix.send({ sender: author, recipients, message: withCrlf(plainMail) });
    await postfix.emptyQueue();
    expect(server.posts.map(({ groupId }) => groupId).sort()).toEqual([...oddLocalParts].sort());
  });

  test.concurrent('a forged X-Original-To is not believed', async ({ onTestFinished }) => {
    const { postfix, server } = await startSite({ ...way, command }, onTestFinished);
    const message = `X-Original-To: second_group@groups.example.com\n${plainMail}`;
    await postfix.send({ sender: author, recipients: [groupAddress], message: withCrlf(message) });
    await postfix.emptyQueue();
    expect(server.posts).toMatchObject([{ groupId: 'example_group' }]);
    await expectMessage(server.posts[0], groupAddress, Buffer.from(message));
  });

  test.concurrent('a mail without a sender that nobody can take is dropped quietly', async ({ onTestFinished }) => {
    const { postfix, server } = await startSite({ ...way, command }, onTestFinished);
    const recipient = 'nobody@groups.example.com';
    const queueId = await postfix.send({ sender: '', recipients: [recipient], message: withCrlf(plainMail) });
    await postfix.attempt(queueId, { status: 'bounced' });
    await postfix.emptyQueue();
    expect([...server.posts, ...(await postfix.returned(0))]).toEqual([]);
  });
});

/** The message is the one that was sent, behind the fields that Postfix adds and nothing else. */
async function expectMessage(stored: Post | Relayed | undefined, recipient: string, message: Buffer): Promise<void> {
  const bytes = (await stored?.message.bytes()) ?? Buffer.alloc(0);
  const added = bytes.subarray(0, bytes.length - message.length).toString('latin1');
  expect(added).toMatch(/^Return-Path: <.*>\nX-Original-To: .*\nDelivered-To: .*\n(Received: .*\n(\s.*\n)+)/);
  expect(added).toContain(`\nX-Original-To: ${recipient}\n`);
  // Not toEqual on buffers of 30 MB: showing the difference would take minutes.
  expect(bytes.subarray(added.length).equals(message)).toBe(true);
}
