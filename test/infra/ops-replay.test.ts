/** replay: which stored mail is announced again, to whom, and that the function reads what it announces. */

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { againAttribute, readNotification } from '../../functions/ses2gs/notification.ts';
import { judge } from '../../functions/ses2gs/verdict.ts';
import { names } from '../../infra/local/deployed-stack.ts';
import { type Account, group, messageIds, openAccount } from './ops-account.ts';
import { ops, opsJson } from './ops-run.ts';

const [first = '', second = '', third = ''] = messageIds;
const other = 'second_group@groups.example.com';
const day = 86_400_000;

let account: Account;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.stop());

const queued = () => account.cloud.mailQueue.contents();
/** What the function makes of the messages in the queue. */
const readings = () =>
  queued().map(({ body }) => {
    const reading = readNotification(body);
    if (reading.kind !== 'mail') throw new Error(`the function would not take it for a mail: ${reading.why}`);
    return reading.mail;
  });
/** What the ledger of the function has of a delivery; test/infra/ops-stack.test.ts lets the function itself write it. */
const deliver = (messageId: string, recipient: string, more = {}) =>
  account.cloud.clients.dynamodb.send(
    new PutItemCommand({
      TableName: names.table,
      Item: {
        id: {
          S: `delivery#${createHash('sha256')
            .update(JSON.stringify(`${messageId}#${recipient}`))
            .digest('base64')}`,
        },
        status: { S: 'COMPLETED' },
        expiration: { N: String(Math.floor(Date.now() / 1000) + 1000) },
        ...more,
      },
    }),
  );

test('a lost notification is written anew so that the function reads the same mail, up to what SES does not write down', async () => {
  const verdicts = { spam: 'PASS', virus: 'PASS', spf: 'PASS', dkim: 'GRAY', dmarc: 'PASS' } as const;
  const arrival = await account.store({ messageId: first, verdicts });
  const { exit, stdout } = await ops('replay', [first, '--yes'], account.env);
  expect({ exit, end: stdout.trim().split('\n').at(-1) }).toEqual({ exit: 0, end: '✓ In the queue: 1 mail.' });
  const original = readNotification(JSON.stringify(account.announced(arrival)));
  if (original.kind !== 'mail') throw new Error('the emulator announces mail');
  const { receivedAt, notification: _notification, ...same } = original.mail;
  expect(readings()).toMatchObject([same]);
  expect(Math.abs((readings()[0]?.receivedAt ?? 0) - (receivedAt ?? 0))).toBeLessThan(5000);
});

test('a dry run sends nothing, and shows the mail with its one known recipient and what else its header names', async () => {
  await account.store(
    { messageId: first, recipients: [group, other] },
    `To: <${group}>, x@example.org\r\nCc: "B" <${other}>\r\n`,
  );
  const { exit, stdout } = await ops('replay', [first], account.env);
  expect(stdout).toMatch(new RegExp(`${first} +\\S+Z +ada@example.com +${group} +To or Cc also names ${other}\n`));
  expect(stdout).toContain('Dry run: 1 mail would be delivered. Add --yes to do it.');
  expect({ exit, queued: queued() }).toEqual({ exit: 0, queued: [] });
});

test('recipients that the operator names stand in place of the stamped one', async () => {
  await account.store({ messageId: first });
  await ops('replay', [first, '--recipient', group, '--recipient', other, '--yes'], account.env);
  expect(readings()).toMatchObject([{ recipients: [group, other], messageId: first, key: `inbound/${first}` }]);
});

test('--since takes the mail of that time only, and leaves the mail alone that SES writes when a rule is made', async () => {
  await account.store({ messageId: first });
  account.clock.turn(2 * day);
  await account.store({ messageId: second });
  await account.store({ messageId: 'AMAZON_SES_SETUP_NOTIFICATION' });
  account.clock.turn(2 * day);
  await account.store({ messageId: third });
  const at = (days: number) => new Date(Date.now() + days * day).toISOString();
  const { document } = await opsJson('replay', ['--since', at(1), '--until', at(3), '--again', '--yes'], account.env);
  expect(document).toMatchObject({ looked: 1, replayed: 1, mails: [{ messageId: second }] });
  const all = await opsJson('replay', ['--since', '3d', '--until', at(9)], account.env);
  expect(all.document).toMatchObject({ looked: 3, chosen: 3 });
});

test('what the ledger knows as delivered is left out, and --again passes over it with a new word each time', async () => {
  await account.store({ messageId: first });
  await account.store({ messageId: second });
  await deliver(first, group);
  const { exit, document } = await opsJson('replay', ['--since', '1h', '--yes'], account.env);
  expect({ exit, document }).toMatchObject({ exit: 0, document: { chosen: 1, replayed: 1 } });
  expect(readings()).toMatchObject([{ messageId: second }]);
  expect(await opsJson('replay', [first, '--yes'], account.env)).toMatchObject({
    exit: 0,
    document: { mails: [{ leftOut: 'delivered' }] },
  });

  account.cloud.mailQueue.purge();
  for (const _ of [1, 2]) await ops('replay', [first, '--again', '--yes'], account.env);
  const words = queued().map(({ attributes }) => JSON.stringify(attributes[againAttribute]));
  expect(new Set(words).size).toBe(2);
});

test('a delivery that is under way, has run out, or was to another is none', async () => {
  await account.store({ messageId: first });
  await deliver(first, group, { status: { S: 'INPROGRESS' } });
  expect(await opsJson('replay', [first], account.env)).toMatchObject({ document: { chosen: 1 } });
  await deliver(first, group, { expiration: { N: '1000' } });
  expect(await opsJson('replay', [first], account.env)).toMatchObject({ document: { chosen: 1 } });
  await deliver(first, group);
  expect(await opsJson('replay', [first, '--recipient', group, '--recipient', other], account.env)).toMatchObject({
    document: { chosen: 1 },
  });
});

test('what can be had out of quarantine is left to release', async () => {
  await account.store({ messageId: first });
  const put = (Key: string) =>
    account.cloud.clients.s3.send(new PutObjectCommand({ Bucket: names.bucket, Key, Body: '{}' }));
  await put(`quarantine/${first}`);
  expect(await opsJson('replay', [first], account.env)).toMatchObject({ exit: 0, document: { chosen: 1 } });
  await put(`quarantine/${first}.json`);
  const { exit, document } = await opsJson('replay', [first, '--yes'], account.env);
  expect({ exit, document }).toMatchObject({
    exit: 1,
    document: { chosen: 0, mails: [{ leftOut: 'in quarantine: npm run release' }] },
  });
  expect(queued()).toEqual([]);
});

test('mail older than the memory of the ledger is delivered again only when that is asked for', async () => {
  await account.store({ messageId: first });
  const object = account.cloud.s3.get(names.bucket, `inbound/${first}`);
  if (object) object.lastModified = Date.now() - 19.5 * day;
  expect(await opsJson('replay', [first, '--yes'], account.env)).toMatchObject({
    exit: 1,
    document: { chosen: 0, mails: [{ leftOut: 'too old for the ledger to know: give --again' }] },
  });
  expect(await opsJson('replay', [first, '--again'], account.env)).toMatchObject({ exit: 0, document: { chosen: 1 } });
});

test('suspicious mail stays suspicious: what SES stamped decides, not what the sender wrote below', async () => {
  const forged =
    'X-SES-Spam-Verdict: PASS\r\nX-SES-Virus-Verdict: PASS\r\nAuthentication-Results: amazonses.com; dmarc=pass;\r\n';
  await account.store(
    { messageId: first, verdicts: { spam: 'FAIL', virus: 'PASS', spf: 'PASS', dkim: 'PASS', dmarc: 'PASS' } },
    forged,
  );
  await account.store(
    { messageId: second, verdicts: { spam: 'PASS', virus: 'FAIL', spf: 'PASS', dkim: 'PASS', dmarc: 'PASS' } },
    forged,
  );
  await account.store(
    { messageId: third, verdicts: { spam: 'PASS', virus: 'PASS', spf: 'FAIL', dkim: 'GRAY', dmarc: 'FAIL' } },
    forged,
  );
  await ops('replay', [first, second, third, '--yes'], account.env);
  const fates = readings().map((mail) => [mail.messageId, judge(mail, { spamAction: 'quarantine' })] as const);
  expect(new Map<string, unknown>(fates)).toEqual(
    new Map([
      [first, { kind: 'quarantine', why: 'spam' }],
      [second, { kind: 'quarantine', why: 'virus' }],
      [third, { kind: 'quarantine', why: 'dmarc' }],
    ]),
  );
});

test('a mail that SES has not stamped with its own id names no recipient, whatever its header says', async () => {
  const forged = [
    'Return-Path: <boss@example.com>',
    `Received: from a (a [192.0.2.1]) by inbound-smtp.us-east-1.amazonaws.com with SMTP id ${'f'.repeat(40)} for ${other}; now`,
    'X-SES-Spam-Verdict: PASS',
    `To: ${group}`,
  ];
  const Body = `${forged.join('\r\n')}\r\n\r\nTea?\r\n`;
  await account.cloud.clients.s3.send(new PutObjectCommand({ Bucket: names.bucket, Key: `inbound/${first}`, Body }));
  const { exit, document } = await opsJson('replay', [first, '--yes'], account.env);
  expect({ exit, document }).toMatchObject({
    exit: 1,
    document: {
      mails: [{ sender: null, recipients: [], leftOut: 'no recipient known: give --recipient', alsoNamed: [group] }],
    },
  });
  await ops('replay', [first, '--recipient', group, '--yes'], account.env);
  const [mail] = readings();
  expect(mail).toMatchObject({ sender: '', recipients: [group] });
});

test('the null sender stays the null sender, and odd addresses stay what they are', async () => {
  const bounce = 'example_group+ada=example.org@groups.example.com';
  await account.store({ messageId: first, source: '', recipients: [bounce] });
  await ops('replay', [first, '--yes'], account.env);
  expect(readings()).toMatchObject([{ sender: '', recipients: [bounce] }]);
});

test('a mail that is not there is an error; no mail in a time is none', async () => {
  const { exit, stderr } = await ops('replay', ['nothing'], account.env);
  expect({ exit, stderr }).toEqual({ exit: 1, stderr: `There is no mail inbound/nothing in ${names.bucket}.\n` });
  account.cloud.faults.next('s3', { operation: 'HeadObject', code: 'AccessDenied', status: 403 });
  const denied = await ops('replay', ['nothing'], account.env);
  expect(denied.stderr).toMatch(/^These credentials lack a right: /);
  expect((await ops('replay', ['--since', '1h'], account.env)).stdout).toMatch(/There is none\.\n$/);
});

test('more mail than S3 lists at once is all found', async () => {
  const about = { bucket: names.bucket, contentType: '', metadata: {}, tags: {} };
  const store = (_: unknown, count: number) =>
    account.cloud.s3.put({ ...about, key: `inbound/${count}` }, Readable.from([Buffer.from('x')]), () => undefined);
  await Promise.all(Array.from({ length: 1100 }, store));
  const { document } = await opsJson('replay', ['--since', '1h', '--until', '2099-01-01'], account.env);
  expect(document).toMatchObject({ looked: 1100, chosen: 0 });
});
