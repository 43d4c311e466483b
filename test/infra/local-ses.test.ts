/** The local stack's SES: mail in by SMTP, out as an object and a notification, and bounces by SendBounce. */
import { createReadStream, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  DescribeActiveReceiptRuleSetCommand,
  GetIdentityVerificationAttributesCommand,
  SESClient,
  SendBounceCommand,
  type SendBounceCommandInput,
  SetActiveReceiptRuleSetCommand,
} from '@aws-sdk/client-ses';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { simpleParser } from 'mailparser';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { isRecord } from '../../infra/local/aws/input.ts';
import { clientConfig, region } from '../../infra/local/aws.ts';
import { type Clock, createClock } from '../../infra/local/clock.ts';
import { type Cloud, startCloud } from '../../infra/local/cloud.ts';
import { names } from '../../infra/local/deployed-stack.ts';
import { type Ingress, startIngress } from '../../infra/local/ses-ingress.ts';

let folder: string;
let clock: Clock;
let cloud: Cloud;
let ingress: Ingress;
let ses: SESClient;
let failures: string[];

async function open(bouncesPerSecond = 1): Promise<void> {
  clock = createClock(join(folder, 'clock'));
  failures = [];
  const domains = ['groups.example.com', 'lists.example.org'];
  cloud = await startCloud({
    clock,
    folder,
    keep: true,
    domains,
    config: '[webservice-default]\ntoken = theValueOfTheToken\n',
    bouncesPerSecond,
  });
  const targets = { ...cloud.clients, clock, onFailure: (metric: string) => void failures.push(metric) };
  ingress = await startIngress({ spool: join(folder, 'spool'), clock, ses: cloud.ses, region, targets });
  ses = new SESClient({ ...clientConfig(cloud.url), maxAttempts: 1 });
}
async function close(): Promise<void> {
  ses.destroy();
  await ingress.stop();
  await cloud.stop();
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'smtp2gs-ses-'));
  await open();
});
afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true });
});

const hour = 3_600_000;
const group = 'example_group@groups.example.com';

/** Sends by SMTP; answers SES's message id. */
async function send(mail: SendMailOptions): Promise<string> {
  const transport = createTransport({ host: '127.0.0.1', port: ingress.port, secure: false, ignoreTLS: true });
  try {
    const { response } = await transport.sendMail({ from: 'ada@example.com', to: group, subject: 'Tea', ...mail });
    return /250 OK (\S+)/.exec(response)?.[1] ?? '';
  } finally {
    transport.close();
  }
}
/** The notifications in the queue, when as many have come. */
const notifications = async (count: number): Promise<Record<string, unknown>[]> =>
  await vi.waitFor(() => {
    const found = cloud.mailQueue.contents().map(({ body }): unknown => JSON.parse(body));
    expect(found).toHaveLength(count);
    return found.filter(isRecord);
  });
/** The bytes that were stored, one character each. */
const stored = async (messageId: string): Promise<string> => {
  const object = cloud.s3.get(names.bucket, `inbound/${messageId}`);
  if (!object) throw new Error('nothing is stored');
  return await text(createReadStream(cloud.s3.path(object), 'latin1'));
};
/** A conversation in raw SMTP, one line after each reply; answers the replies. */
async function converse(lines: (string | Buffer)[]): Promise<string[]> {
  const socket = connect(ingress.port, '127.0.0.1');
  const replies: string[] = [];
  try {
    for await (const chunk of socket) {
      const reply = String(chunk).trim();
      if (/^\d{3}-/.test(reply.split('\r\n').at(-1) ?? '')) continue;
      replies.push(reply);
      const next = lines.shift();
      if (next === undefined) break;
      socket.write(typeof next === 'string' ? `${next}\r\n` : next);
    }
    return replies;
  } finally {
    socket.destroy();
  }
}

test('a mail is stored with what SES puts in front, and announced with envelope and verdicts', async () => {
  const messageId = await send({
    cc: 'someone@example.net',
    envelope: { from: 'ada@example.com', to: [group, 'b@lists.example.org'] },
  });
  const [notification] = await notifications(1);
  expect(notification).toMatchObject({
    notificationType: 'Received',
    mail: {
      source: 'ada@example.com',
      messageId,
      destination: [group, 'someone@example.net'],
      headersTruncated: false,
      commonHeaders: {
        returnPath: 'ada@example.com',
        from: ['ada@example.com'],
        to: [group],
        cc: ['someone@example.net'],
        subject: 'Tea',
      },
    },
    receipt: {
      recipients: [group, 'b@lists.example.org'],
      spamVerdict: { status: 'PASS' },
      dmarcVerdict: { status: 'PASS' },
      action: { type: 'S3', bucketName: names.bucket, objectKeyPrefix: 'inbound/', objectKey: `inbound/${messageId}` },
    },
  });
  const bytes = await stored(messageId);
  expect(bytes).toMatch(/^Return-Path: <ada@example\.com>\r\nReceived: from /);
  const { headers } = await simpleParser(bytes);
  expect(headers.get('x-ses-spam-verdict')).toBe('PASS');
  expect(headers.has('x-original-to')).toBe(false);
  expect(ingress.waiting()).toBe(0);
  expect(readdirSync(join(folder, 'spool'))).toEqual(['accepted']);
});

test('the bytes of the mail are not touched: 8-bit, NUL, lone LF, leading dots, and the null sender is kept', async () => {
  const body = Buffer.from('Subject: \xe4\xff\r\n\r\n..two dots\r\nlone\nline\0feed\x80\r\n', 'latin1');
  const stuffed = Buffer.from(body.toString('latin1').replaceAll('\n.', '\n..'), 'latin1');
  const message = Buffer.concat([stuffed, Buffer.from('.\r\n')]);
  const replies = await converse(['EHLO x', 'MAIL FROM:<>', `RCPT TO:<${group}>`, 'DATA', message]);
  const messageId = /^250 OK (\S+)/.exec(replies.at(-1) ?? '')?.[1] ?? '';
  expect(await notifications(1)).toMatchObject([{ mail: { source: '' }, receipt: { recipients: [group] } }]);
  const bytes = await stored(messageId);
  expect(bytes.startsWith('Return-Path: <>\r\n')).toBe(true);
  expect(bytes.endsWith(`\r\n${body.toString('latin1')}`)).toBe(true);
});

test('strange recipients are refused in SMTP, and everybody is when no rule set is active', async () => {
  await expect(send({ to: 'a@elsewhere.example' })).rejects.toThrow(/550 5\.1\.1/);
  await expect(send({ to: 'a@sub.groups.example.com' })).rejects.toThrow(/550 5\.1\.1/);
  await ses.send(new SetActiveReceiptRuleSetCommand({}));
  await expect(send({})).rejects.toThrow(/550 5\.1\.1/);
  await ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: names.ruleSet }));
  const { Rules } = await ses.send(new DescribeActiveReceiptRuleSetCommand({}));
  expect(Rules).toMatchObject([{ Enabled: true, Recipients: ['groups.example.com', 'lists.example.org'] }]);
  expect(Rules?.[0]?.Actions).toMatchObject([{ S3Action: { BucketName: names.bucket, ObjectKeyPrefix: 'inbound/' } }]);
  await expect(send({})).resolves.toMatch(/^[0-9a-f]{40}$/);
});

test('40 MB are taken, more is refused and leaves nothing behind', async () => {
  const line = `${'x'.repeat(76)}\r\n`;
  const messageId = await send({
    raw: `Subject: big\r\n\r\n${line.repeat(Math.floor((39.9 * 1024 * 1024) / line.length))}`,
  });
  await notifications(1);
  expect(cloud.s3.get(names.bucket, `inbound/${messageId}`)?.size).toBeGreaterThan(39.9 * 1024 * 1024);
  const tooBig = Buffer.from(`${line.repeat(Math.ceil((41 * 1024 * 1024) / line.length))}.\r\n`);
  const replies = await converse(['EHLO x', 'MAIL FROM:<a@example.com>', `RCPT TO:<${group}>`, 'DATA', tooBig]);
  expect(replies.at(-1)).toMatch(/^552 5\.3\.4/);
  expect(readdirSync(join(folder, 'spool'))).toEqual(['accepted']);
});

test('the sender says what the verdicts are, a header of the mail does not, and a test may say more', async () => {
  await send({ from: 'virus@example.com' });
  await send({ from: 'dmarc-fail@example.com', headers: { 'X-SES-Virus-Verdict': 'FAIL' } });
  ingress.script = ({ recipients }) => ({
    verdicts: recipients.includes(group) ? { spam: 'GRAY' } : {},
    receivedAgo: 20 * hour,
  });
  await send({});
  const found = await notifications(3);
  expect(found.map(({ receipt }) => receipt)).toMatchObject([
    { virusVerdict: { status: 'FAIL' }, dmarcVerdict: { status: 'PASS' } },
    { virusVerdict: { status: 'PASS' }, dmarcVerdict: { status: 'FAIL' }, dmarcPolicy: 'reject' },
    { spamVerdict: { status: 'GRAY' } },
  ]);
  const age = Date.now() - Date.parse(String(Reflect.get(Object(found[2]?.['mail']), 'timestamp')));
  expect(Math.round(age / hour)).toBe(20);
});

test('a mail that cannot be stored or announced is tried again, also after a restart', async () => {
  cloud.faults.next('s3', { operation: 'PutObject', code: 'InternalError', status: 500 });
  cloud.faults.next('sns', { code: 'InternalFailure', status: 500 });
  await send({});
  await notifications(1);
  expect(failures).toEqual(['PublishFailure', 'PublishFailure']);
  cloud.faults.always('s3', { operation: 'PutObject', code: 'SlowDown', status: 503 });
  const messageId = await send({ subject: 'kept in the spool' });
  await close();
  await open();
  await notifications(2);
  expect(await stored(messageId)).toContain('kept in the spool');
});

const bounceOf = (OriginalMessageId: string, changes: Partial<SendBounceCommandInput> = {}) =>
  new SendBounceCommand({
    OriginalMessageId,
    BounceSender: 'mailer-daemon@groups.example.com',
    Explanation: 'The group does not exist.',
    BouncedRecipientInfoList: [
      {
        Recipient: group,
        RecipientDsnFields: { Action: 'failed', Status: '5.1.1', DiagnosticCode: 'smtp; 5.1.1 No such group' },
      },
    ],
    ...changes,
  });

test('SendBounce writes a delivery status notification into the bounce mailbox', async () => {
  const messageId = await send({ subject: 'Für alle' });
  await ses.send(bounceOf(messageId));
  const [bounce] = cloud.ses.bounces();
  expect(bounce).toMatchObject({ originalMessageId: messageId, to: 'ada@example.com' });
  const mail = await simpleParser(Buffer.from(bounce?.mail ?? '', 'latin1'));
  expect(mail.headers.get('auto-submitted')).toBe('auto-replied');
  expect(mail.text).toContain('The group does not exist.');
  const headers = mail.attachments.map(({ content }) => content.toString());
  expect(bounce?.mail).toContain(
    `Final-Recipient: rfc822; ${group}\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 5.1.1 No such group`,
  );
  expect(headers).toEqual([expect.stringContaining('X-SES-RECEIPT: ')]);
});

test('SendBounce refuses what SES refuses', async () => {
  await close();
  await open(0);
  cloud.ses.identities.delete('lists.example.org');
  const messageId = await send({});
  const replies = await converse(['EHLO x', 'MAIL FROM:<>', `RCPT TO:<${group}>`, 'DATA', Buffer.from('\r\n.\r\n')]);
  const nullSender = /^250 OK (\S+)/.exec(replies.at(-1) ?? '')?.[1] ?? '';
  const stranger = [{ Recipient: 'x@groups.example.com', BounceType: 'DoesNotExist' as const }];
  const refused = async (command: SendBounceCommand, reason: RegExp) => {
    const error = await ses.send(command).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'MessageRejected' });
    expect(String(error)).toMatch(reason);
  };
  await refused(bounceOf('nobody'), /not known/);
  await refused(bounceOf(nullSender), /null sender/);
  await refused(bounceOf(messageId, { BouncedRecipientInfoList: stranger }), /no recipient/);
  await refused(bounceOf(messageId, { BounceSender: 'x@lists.example.org' }), /not verified/);
  clock.turn(23.9 * hour);
  await ses.send(bounceOf(messageId));
  clock.turn(0.2 * hour);
  await refused(bounceOf(messageId), /24 hours/);
  expect(cloud.ses.bounces()).toHaveLength(1);
});

test('SendBounce is throttled at one call a second', async () => {
  const messageId = await send({});
  await ses.send(bounceOf(messageId));
  const second = ses.send(bounceOf(messageId));
  await expect(second).rejects.toThrow(expect.objectContaining({ name: 'Throttling' }));
  await vi.waitFor(() => ses.send(bounceOf(messageId)), { timeout: 5000 });
});

test('the configuration is in SSM, in clear only when decryption is asked for, and in Secrets Manager', async () => {
  const ssm = new SSMClient(clientConfig(cloud.url));
  const secrets = new SecretsManagerClient(clientConfig(cloud.url));
  const Name = names.configParameter;
  const value = async (WithDecryption: boolean) =>
    (await ssm.send(new GetParameterCommand({ Name, WithDecryption }))).Parameter?.Value;
  expect(await value(true)).toContain('token = theValueOfTheToken');
  expect(await value(false)).not.toContain('theValueOfTheToken');
  await ssm.send(new PutParameterCommand({ Name, Value: 'new', Overwrite: true }));
  expect(await value(true)).toBe('new');
  await expect(ssm.send(new GetParameterCommand({ Name: '/other' }))).rejects.toThrow(
    expect.objectContaining({ name: 'ParameterNotFound' }),
  );
  const secret = await secrets.send(new GetSecretValueCommand({ SecretId: names.configSecret }));
  expect(secret.SecretString).toContain('token = theValueOfTheToken');
  const Identities = ['groups.example.com', 'other.example'];
  const { VerificationAttributes } = await ses.send(new GetIdentityVerificationAttributesCommand({ Identities }));
  expect(VerificationAttributes).toEqual({ 'groups.example.com': { VerificationStatus: 'Success' } });
  ssm.destroy();
  secrets.destroy();
});
