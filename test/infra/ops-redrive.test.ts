/** redrive: what it shows of parked mail, what it moves, and that nothing is lost, moved twice or left hidden. */

import { setInterval as every } from 'node:timers/promises';
import { StartMessageMoveTaskCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { againAttribute, reasonAttribute, releaseAttribute } from '../../functions/ses2gs/notification.ts';
import type { Queue } from '../../infra/local/aws/sqs-queue.ts';
import { type Account, openAccount } from './ops-account.ts';
import { interruptWhen, ops, opsJson } from './ops-run.ts';

let account: Account;
let parked: Queue;
let queue: Queue;
beforeEach(async () => {
  account = await openAccount();
  parked = account.cloud.parkQueue;
  queue = account.cloud.mailQueue;
});
afterEach(() => account.stop());

const noSite = 'no site has the domain of the recipient';
const notification = (messageId: string, recipient = 'list@groups.example.com') =>
  JSON.stringify({
    notificationType: 'Received',
    mail: { messageId, source: 'ada@example.com', timestamp: '2026-11-22T08:00:00.000Z' },
    receipt: { recipients: [recipient] },
  });
const text = (StringValue: string) => ({ DataType: 'String', StringValue });
const park = (body: string, reason?: string, more: Record<string, object> = {}) =>
  parked.send(body, { attributes: { ...(reason === undefined ? {} : { [reasonAttribute]: text(reason) }), ...more } });
const bodies = (of: Queue) => of.contents().map(({ body }) => body);
const hidden = () => parked.contents().filter(({ visibleAt }) => visibleAt > account.clock.now()).length;

test('a dry run shows the parked mail by reason and leaves all of it where it is, visible', async () => {
  park(notification('a1'), noSite);
  park(notification('b2', 'other@lists.example.org'), noSite, {
    [releaseAttribute]: text('1'),
    [againAttribute]: text('x'),
  });
  park('no JSON');
  park(JSON.stringify({ Type: 'Notification', Message: notification('c3') }), '4.4.4 Cannot connect');
  const { exit, stdout } = await ops('redrive', [], account.env);
  expect(stdout).toMatch(new RegExp(`^2 × ${noSite}\n1 × `));
  expect(stdout).toMatch(/\n {2}b2 +2026-11-22T08:00:00.000Z {2}ada@example\.com {2}other@lists\.example\.org\n/);
  expect(stdout).toMatch(/\? +\? +no JSON\n/);
  expect(stdout).toContain('Dry run: 4 mails would go back into the queue. Add --yes to do it.');
  expect({ exit, parked: parked.contents().length, hidden: hidden(), queue: bodies(queue) }).toEqual({
    exit: 0,
    parked: 4,
    hidden: 0,
    queue: [],
  });

  const { document } = await opsJson('redrive', [], account.env);
  expect(document).toMatchObject({
    dryRun: true,
    found: 4,
    mails: [
      { messageId: 'a1', reason: noSite, isReleased: false, again: null, text: null },
      { messageId: 'b2', recipients: ['other@lists.example.org'], isReleased: true, again: 'x' },
      { messageId: null, reason: 'no reason was given', text: 'no JSON' },
      { messageId: 'c3', sender: 'ada@example.com' },
    ],
  });
});

test('mail that SQS has given up is told apart from mail that the function has parked', async () => {
  const sent = queue.send(notification('a1'));
  parked.accept({ ...sent, deadLetterSource: queue.arn });
  queue.purge();
  const { document } = await opsJson('redrive', [], account.env);
  const reason = 'given up by SQS: the function took it again and again and never finished';
  expect(document).toMatchObject({ mails: [{ reason }] });
});

test('all of it goes back by a move task, with its attributes', async () => {
  for (let count = 0; count < 120; count += 1)
    park(notification(`a${count}`), noSite, { [releaseAttribute]: text('1') });
  const { exit, stdout } = await ops('redrive', ['--yes'], account.env);
  expect({ exit, stdout }).toEqual({ exit: 0, stdout: '✓ Back in the queue: 120 parked mails.\n' });
  expect({ parked: bodies(parked), queue: queue.contents().length }).toEqual({ parked: [], queue: 120 });
  for (const { attributes } of queue.contents())
    expect(attributes).toMatchObject({ [releaseAttribute]: text('1'), [reasonAttribute]: text(noSite) });
});

test('a second move counts its own mails', async () => {
  for (const count of [3, 1]) {
    for (let index = 0; index < count; index += 1) park(notification(`a${index}`));
    expect(await opsJson('redrive', ['--yes'], account.env)).toMatchObject({ exit: 0, document: { moved: count } });
  }
});

test('nothing parked is nothing to do', async () => {
  for (const words of [[], ['--yes'], ['--yes', '--limit', '1']]) {
    const { exit, stdout } = await ops('redrive', words, account.env);
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: 'No such mail is parked.\n' });
  }
});

test('a move that is running already is followed', async () => {
  park(notification('a1'));
  park(notification('b2'));
  await account.cloud.clients.sqs.send(
    new StartMessageMoveTaskCommand({
      SourceArn: parked.arn,
      DestinationArn: queue.arn,
      MaxNumberOfMessagesPerSecond: 1,
    }),
  );
  const { exit, stdout } = await ops('redrive', ['--yes'], account.env);
  expect({ exit, moved: queue.contents().length }).toEqual({ exit: 0, moved: 2 });
  expect(stdout).toContain('A move is running already; this follows it.');
});

test('a refused move is an error, and all is parked as before', async () => {
  park(notification('a1'));
  const message = 'User is not authorized to perform: sqs:StartMessageMoveTask';
  account.cloud.faults.next('sqs', {
    operation: 'StartMessageMoveTask',
    code: 'AccessDeniedException',
    status: 403,
    message,
  });
  const { exit, stderr } = await ops('redrive', ['--yes'], account.env);
  expect({ exit, stderr }).toEqual({ exit: 1, stderr: `These credentials lack a right: ${message}\n` });
  expect(parked.contents()).toHaveLength(1);
});

test('by reason only what has it is moved, with all attributes; the rest stays visible', async () => {
  park(notification('a1'), noSite, { [againAttribute]: text('now'), count: { DataType: 'Number', StringValue: '3' } });
  park(notification('b2'), '4.4.4 Cannot connect to the group server');
  park(notification('c3'), noSite);
  const { exit, document } = await opsJson('redrive', ['--yes', '--reason', 'NO SITE'], account.env);
  expect({ exit, document }).toMatchObject({
    exit: 0,
    document: { moved: 2, mails: [{ messageId: 'a1' }, { messageId: 'c3' }] },
  });
  expect(queue.contents()[0]?.attributes).toEqual({
    [reasonAttribute]: text(noSite),
    [againAttribute]: text('now'),
    count: { DataType: 'Number', StringValue: '3' },
  });
  expect({ parked: bodies(parked), hidden: hidden() }).toEqual({ parked: [notification('b2')], hidden: 0 });
});

test('--limit moves no more than that', async () => {
  for (let count = 0; count < 25; count += 1) park(notification(`a${count}`));
  const { document } = await opsJson('redrive', ['--yes', '--limit', '3'], account.env);
  expect(document).toMatchObject({ moved: 3 });
  expect({ parked: parked.contents().length, hidden: hidden(), queue: queue.contents().length }).toEqual({
    parked: 22,
    hidden: 0,
    queue: 3,
  });
});

test('what the function parks again at once is not moved again and again', async () => {
  for (let count = 0; count < 15; count += 1) park(notification(`a${count}`), noSite);
  const stop = new AbortController();
  const parkAgain = async () => {
    for await (const _ of every(2, undefined, { signal: stop.signal }))
      for (const { body } of queue.takeVisible(10)) park(body, noSite);
  };
  const parking = parkAgain().catch(() => undefined);
  const { exit, document } = await opsJson('redrive', ['--yes', '--reason', 'no site'], account.env);
  stop.abort();
  await parking;
  expect({ exit, document }).toMatchObject({ exit: 0, document: { moved: 15 } });
});

test('what SNS could not bring is moved from its own queue', async () => {
  account.cloud.undeliveredNoticeQueue.send(notification('a1'));
  park(notification('b2'));
  const dry = await opsJson('redrive', ['--undelivered'], account.env);
  expect(dry.document).toMatchObject({ found: 1, mails: [{ messageId: 'a1' }] });
  const { exit, stdout } = await ops('redrive', ['--undelivered', '--yes'], account.env);
  expect({ exit, stdout }).toEqual({ exit: 0, stdout: '✓ Back in the queue: 1 undelivered mail.\n' });
  expect({ queue: bodies(queue), parked: bodies(parked) }).toEqual({
    queue: [notification('a1')],
    parked: [notification('b2')],
  });
});

test('Ctrl-C puts back what was taken aside', async () => {
  for (let count = 0; count < 40; count += 1) park(notification(`a${count}`));
  const hurry = account.cloud.faults.always('sqs', { operation: 'ReceiveMessage', delayMs: 300 });
  const { exit } = await ops(
    'redrive',
    [],
    account.env,
    interruptWhen(() => hidden() > 0),
  );
  hurry();
  expect({ exit, parked: parked.contents().length, hidden: hidden() }).toEqual({ exit: 130, parked: 40, hidden: 0 });
});

test('an error in the middle puts back what was taken aside, and loses nothing', async () => {
  for (let count = 0; count < 12; count += 1) park(notification(`a${count}`), noSite);
  account.cloud.faults.always('sqs', { operation: 'DeleteMessage', code: 'AccessDenied', status: 403, message: 'no' });
  const { exit, stderr } = await ops('redrive', ['--yes', '--reason', 'no'], account.env);
  expect({ exit, stderr }).toEqual({ exit: 1, stderr: 'These credentials lack a right: no\n' });
  expect({ parked: parked.contents().length, hidden: hidden() }).toEqual({ parked: 12, hidden: 0 });
});
