/**
 * The function in this process, as Lambda would call it, between real peers on sockets: the emulated AWS services and
 * reference GroupServers. One for each test file, since the function makes its AWS clients once. What it writes to
 * stdout is kept, as CloudWatch keeps it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { Answer } from '../../functions/ses2gs/handler.ts';
import type { QueuedMessage } from '../../infra/local/aws/sqs-queue.ts';
import { account, region } from '../../infra/local/aws.ts';
import { createClock } from '../../infra/local/clock.ts';
import { type Cloud, names, startCloud } from '../../infra/local/cloud.ts';
import { functionEnvironment } from '../../infra/local/function-environment.ts';
import { readLedger } from '../../infra/local/ledger-items.ts';
import { queuedMail } from '../../infra/local/queued-mail.ts';
import { configText, type Site, type SiteOptions, startSites } from '../../infra/local/sites.ts';
import { captureOutput } from './captured-output.ts';

export interface MailOptions {
  recipients?: readonly string[];
  /** The envelope sender. */
  source?: string;
  /** Header fields beside From, To, Subject and Message-ID. */
  fields?: readonly string[];
  /** The whole mail, in place of one that is made up. */
  bytes?: Buffer;
  verdicts?: Readonly<Record<string, string>>;
  dmarcPolicy?: string;
  /** Milliseconds since SES took it in. */
  age?: number;
  /** Announced, but not in the bucket. */
  isMissing?: boolean;
  messageId?: string;
}

export interface CloudFunction {
  readonly cloud: Cloud;
  readonly sites: readonly Site[];
  /** Calls the function; `remaining` milliseconds are left to it at first (3 minutes), or each time that it asks. */
  invoke(event: unknown, remaining?: number | (() => number)): Promise<Answer>;
  /** Stores a mail and gives SES's notification of it. */
  store(options?: MailOptions): Promise<{ messageId: string; notification: Notification; bytes: Buffer }>;
  /** Puts a message into the mail queue. */
  enqueue(body: string, attributes?: Readonly<Record<string, string>>): QueuedMessage;
  /** Receives the messages that can be seen, one invocation for each, and deletes those that are done with. */
  work(remaining?: number | (() => number)): Promise<Answer[]>;
  /** Shows all messages that wait for their next try, and works. */
  workAgain(remaining?: number): Promise<Answer[]>;
  /** The seconds that the one message of the queue is hidden for. */
  hiddenFor(): number;
  /** Stores and announces a mail, and works. */
  receive(options?: MailOptions): Promise<{ messageId: string; bytes: Buffer; answers: Answer[] }>;
  /** What the function has written since the last call. */
  output(): Record<string, unknown>[];
  /** What was parked: for whom, and with which attributes. */
  parked(): { recipients: string[]; attributes: Record<string, string>; body: string }[];
  /** The keys in the bucket that begin with a prefix. */
  keys(prefix: string): string[];
  ledger(): Promise<Record<string, unknown>[]>;
  /** Sets variables of the function's environment until the next call; undefined takes one away. */
  environment(variables?: Readonly<Record<string, string | undefined>>): void;
  /** Forgets all that happened, for the next test. */
  reset(): void;
  stop(): Promise<void>;
}

export type Notification = ReturnType<typeof notificationOf>;

/** Starts the services and loads the function. */
export async function startCloudFunction(siteOptions: SiteOptions[] = [{}]): Promise<CloudFunction> {
  const folder = mkdtempSync(join(tmpdir(), 'ses2gs-test-'));
  const sites = await startSites(siteOptions);
  const clock = createClock(join(folder, 'clock'));
  const domains = sites.flatMap((site) => site.domains);
  const cloud = await startCloud({ clock, folder, keep: false, domains, config: configText(sites) });
  const credentials = { AWS_REGION: region, AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
  const environment = { ...credentials, ...functionEnvironment(cloud, sites, 'parameter') };
  const changed = new Set<string>();
  Object.assign(process.env, environment);
  const captured = captureOutput();
  const { handler } = await import('../../functions/ses2gs/handler.ts');

  const invoke: CloudFunction['invoke'] = async (event, remaining = 180_000) => {
    const end = Date.now() + (typeof remaining === 'number' ? remaining : 0);
    const context = {
      functionName: names.functionName,
      functionVersion: '$LATEST',
      invokedFunctionArn: `arn:aws:lambda:${region}:${account}:function:${names.functionName}`,
      memoryLimitInMB: '512',
      awsRequestId: crypto.randomUUID(),
      logGroupName: '/smtp2gs/test',
      logStreamName: 'test',
      callbackWaitsForEmptyEventLoop: false,
      getRemainingTimeInMillis: typeof remaining === 'number' ? () => end - Date.now() : remaining,
      done: () => undefined,
      fail: () => undefined,
      succeed: () => undefined,
    };
    return await handler(event, context);
  };

  const store: CloudFunction['store'] = async (options = {}) => {
    const messageId = options.messageId ?? crypto.randomUUID().replaceAll('-', '');
    const recipients = options.recipients ?? ['example_group@groups.example.com'];
    const source = options.source ?? 'ada@example.com';
    const bytes = options.bytes ?? mailBytes(messageId, recipients, options.fields ?? []);
    const timestamp = Date.now() - (options.age ?? 0);
    const header = bytes.subarray(0, 10_000).toString('latin1');
    if (!options.isMissing) {
      const object = { Bucket: names.bucket, Key: names.prefix + messageId, Body: bytes };
      await cloud.clients.s3.send(new PutObjectCommand(object));
    }
    cloud.ses.remember({ messageId, source, recipients: [...recipients], timestamp, header });
    return { messageId, bytes, notification: notificationOf({ ...options, messageId, recipients, source, timestamp }) };
  };

  const enqueue: CloudFunction['enqueue'] = (body, attributes = {}) => {
    const given: Record<string, unknown> = {};
    for (const [name, text] of Object.entries(attributes)) given[name] = { DataType: 'String', StringValue: text };
    return cloud.mailQueue.send(body, { attributes: given });
  };

  const work: CloudFunction['work'] = async (remaining) => {
    const answers: Answer[] = [];
    for (const message of await cloud.mailQueue.receive({ max: 10, waitSeconds: 0 })) {
      const answer = await invoke({ Records: [recordOf(message, cloud.mailQueue.arn)] }, remaining);
      answers.push(answer);
      const failed = answer.batchItemFailures.some(({ itemIdentifier }) => itemIdentifier === message.id);
      if (!failed) cloud.mailQueue.delete(message.handle ?? '');
    }
    return answers;
  };

  const result: CloudFunction = {
    cloud,
    sites,
    invoke,
    store,
    enqueue,
    work,
    workAgain: async (remaining) => {
      for (const { handle } of cloud.mailQueue.contents()) cloud.mailQueue.changeVisibility(handle ?? '', 0);
      return await work(remaining);
    },
    hiddenFor: () => {
      const [message] = cloud.mailQueue.contents();
      return message ? Math.round((message.visibleAt - (message.lastReceivedAt ?? 0)) / 1000) : Number.NaN;
    },
    receive: async (options) => {
      const { messageId, bytes, notification } = await store(options);
      enqueue(JSON.stringify(notification));
      return { messageId, bytes, answers: await work() };
    },
    output: () => captured.take(),
    parked: () =>
      queuedMail(cloud.parkQueue, Date.now(), new Set()).map(({ recipients, attributes, body }) => ({
        recipients,
        attributes,
        body,
      })),
    keys: (prefix) =>
      cloud.s3
        .list(names.bucket)
        .map(({ key }) => key)
        .filter((key) => key.startsWith(prefix)),
    ledger: () => readLedger(cloud.clients.dynamodb, names.table),
    environment: (variables = {}) => {
      for (const name of changed) delete process.env[name];
      Object.assign(process.env, environment);
      for (const [name, value] of Object.entries(variables)) {
        changed.add(name);
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    },
    reset: () => {
      for (const { server } of sites) server.clear();
      cloud.faults.clear();
      cloud.mailQueue.purge();
      cloud.parkQueue.purge();
      captured.take();
      result.environment();
    },
    stop: async () => {
      captured.stop();
      await Promise.all(sites.map(({ server }) => server.stop()));
      await cloud.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return result;
}

function mailBytes(messageId: string, recipients: readonly string[], fields: readonly string[]): Buffer {
  const header = ['From: Ada <ada@example.com>', `To: ${recipients.join(', ')}`, 'Subject: Tea'];
  const lines = [...header, `Message-ID: <${messageId}@example.com>`, ...fields, '', 'Is there any tea?', ''];
  return Buffer.from(lines.join('\r\n'));
}

function notificationOf(mail: {
  messageId: string;
  recipients: readonly string[];
  source: string;
  timestamp: number;
  verdicts?: Readonly<Record<string, string>>;
  dmarcPolicy?: string;
}) {
  const { messageId, source } = mail;
  const timestamp = new Date(mail.timestamp).toISOString();
  const verdict = (name: string) => ({ status: mail.verdicts?.[name] ?? 'PASS' });
  return {
    notificationType: 'Received',
    mail: { timestamp, source, messageId, destination: ['somebody@example.org'] },
    receipt: {
      timestamp,
      recipients: mail.recipients,
      spamVerdict: verdict('spam'),
      virusVerdict: verdict('virus'),
      spfVerdict: verdict('spf'),
      dkimVerdict: verdict('dkim'),
      dmarcVerdict: verdict('dmarc'),
      ...(mail.dmarcPolicy && { dmarcPolicy: mail.dmarcPolicy }),
      action: {
        type: 'S3',
        bucketName: names.bucket,
        objectKeyPrefix: names.prefix,
        objectKey: names.prefix + messageId,
      },
    },
  };
}

/** A message as the event source mapping hands it over. */
function recordOf(message: QueuedMessage, queueArn: string): object {
  const messageAttributes: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(message.attributes)) {
    const text: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'StringValue') : undefined;
    messageAttributes[name] = { stringValue: text, dataType: 'String' };
  }
  return {
    messageId: message.id,
    receiptHandle: message.handle,
    body: message.body,
    attributes: { ApproximateReceiveCount: String(message.receives), SentTimestamp: String(message.sentAt) },
    messageAttributes,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  };
}
