/** release: what lies in quarantine and why, and what is let out of it. */
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { releaseAttribute } from '../../functions/ses2gs/notification.ts';
import { quarantinePrefix } from '../../functions/ses2gs/quarantine.ts';
import { names } from '../../infra/local/deployed-stack.ts';
import { at, textAt } from '../../infra/ops/json.ts';
import { type Account, messageIds, openAccount } from './ops-account.ts';
import { ops, opsJson } from './ops-run.ts';

const [spam = '', virus = '', dmarc = ''] = messageIds;

let account: Account;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.stop());

const put = (Key: string, Body: string) =>
  account.cloud.clients.s3.send(new PutObjectCommand({ Bucket: names.bucket, Key, Body }));
const notificationOf = (messageId: string) => ({
  notificationType: 'Received',
  mail: { messageId, source: 'ada@example.com' },
  receipt: {
    recipients: ['list@groups.example.com'],
    action: { type: 'S3', bucketName: names.bucket, objectKey: quarantinePrefix + messageId },
  },
});
/** As functions/ses2gs/quarantine.ts leaves it. */
async function quarantine(messageId: string, reason: string, quarantinedAt: string): Promise<void> {
  await put(quarantinePrefix + messageId, 'Subject: Tea\r\n\r\nTea?\r\n');
  await put(
    `${quarantinePrefix}${messageId}.json`,
    JSON.stringify({ reason, quarantinedAt, notification: notificationOf(messageId) }),
  );
}
const quarantineThree = async () => {
  await quarantine(spam, 'spam', '2026-11-22T08:00:00.000Z');
  await quarantine(virus, 'virus', '2026-11-22T07:00:00.000Z');
  await quarantine(dmarc, 'dmarc', '2026-11-22T09:00:00.000Z');
};
const queued = () =>
  account.cloud.mailQueue
    .contents()
    .map(({ body, attributes }) => ({ notification: JSON.parse(body) as unknown, attributes }));
const isReleased = { [releaseAttribute]: { DataType: 'String', StringValue: '1' } };

test('without a choice it lists the mail with the reasons, oldest first, and does nothing', async () => {
  await quarantineThree();
  const { exit, stdout } = await ops('release', [], account.env);
  expect(stdout).toMatch(
    new RegExp(`${virus} +virus +2026-11-22T07.*\n.*${spam} +spam.*\n.*${dmarc} +dmarc.*ada@example.com +list@groups`),
  );
  expect(stdout).toContain('Dry run: name the ids to be released, or --all.');
  expect({ exit, queued: queued() }).toEqual({ exit: 0, queued: [] });
});

test('a mail chosen by id is released with its notification as it stands, whatever it was there for; the note is told', async () => {
  await quarantineThree();
  const dry = await ops('release', [virus], account.env);
  expect(dry.stdout).toContain('Dry run: 1 of these 1 would be delivered. Add --yes to do it.');
  expect(queued()).toEqual([]);
  const { exit, document } = await opsJson('release', [virus, '--yes'], account.env);
  expect({ exit, document }).toMatchObject({ exit: 0, document: { released: [virus] } });
  expect(queued()).toEqual([{ notification: notificationOf(virus), attributes: isReleased }]);
  const listed = await opsJson('release', [], account.env);
  const [mail] = [at(listed.document, 'found')].flat();
  expect(mail).toMatchObject({ messageId: virus });
  expect(textAt(mail, 'releasedAt')).toMatch(/^20/);
  expect(account.cloud.s3.list(names.bucket)).toHaveLength(6);
});

test('--all leaves viruses, and what was released before', async () => {
  await quarantineThree();
  const first = await opsJson('release', ['--all', '--reason', 'spam', '--yes'], account.env);
  expect(first.document).toMatchObject({ released: [spam] });
  const second = await opsJson('release', ['--all', '--yes'], account.env);
  expect(second.document).toMatchObject({ released: [dmarc] });
  const { exit, stdout } = await ops('release', ['--all', '--yes'], account.env);
  expect({ exit, stdout }).toEqual({ exit: 0, stdout: 'There is nothing to release.\n' });
  expect(queued().map(({ notification }) => notification)).toEqual([notificationOf(spam), notificationOf(dmarc)]);
});

test('nothing in quarantine is nothing to do; an id that is not there is an error', async () => {
  expect(await ops('release', [], account.env)).toEqual({ exit: 0, stdout: 'Nothing is in quarantine.\n', stderr: '' });
  expect(await ops('release', [spam, '--yes'], account.env)).toEqual({
    exit: 1,
    stdout: '',
    stderr: `${spam} is not in quarantine.\n`,
  });
});

test('a note without its mail, or a mail without its note, is told and cannot be released', async () => {
  await quarantine(spam, 'spam', '2026-11-22T08:00:00.000Z');
  account.cloud.s3.remove(names.bucket, quarantinePrefix + spam);
  await put(quarantinePrefix + virus, 'x');
  const { document } = await opsJson('release', [], account.env);
  expect(document).toMatchObject({
    found: [
      { messageId: virus, reason: 'its note is missing' },
      { messageId: spam, reason: 'the mail itself is gone' },
    ],
  });
  for (const id of [spam, virus]) {
    const { exit, stderr } = await ops('release', [id, '--yes'], account.env);
    expect(exit).toBe(1);
    expect(stderr).toContain('Try npm run replay.');
  }
  expect(await opsJson('release', ['--all', '--yes'], account.env)).toMatchObject({
    exit: 0,
    document: { released: [] },
  });
  expect(queued()).toEqual([]);
});
