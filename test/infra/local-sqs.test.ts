/** The local stack's SQS, asked by the real SDK client; and the same questions put to another emulator, fauxqs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListMessageMoveTasksCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { startFauxqs } from 'fauxqs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createFaults, type Faults } from '../../infra/local/aws/faults.ts';
import { createSqs } from '../../infra/local/aws/sqs.ts';
import { type AwsEndpoint, account, clientConfig, region, startAws } from '../../infra/local/aws.ts';
import { type Clock, createClock } from '../../infra/local/clock.ts';

let folder: string;
let aws: AwsEndpoint;
let clock: Clock;
let faults: Faults;
let sqs: SQSClient;

async function open(): Promise<void> {
  clock = createClock(join(folder, 'clock'));
  faults = createFaults();
  const { service } = createSqs({ clock, folder: join(folder, 'sqs'), region, account });
  aws = await startAws({ faults, services: { sqs: service } });
  sqs = new SQSClient({ ...clientConfig(aws.url), maxAttempts: 1 });
}
async function close(): Promise<void> {
  sqs.destroy();
  await aws.stop();
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'smtp2gs-sqs-'));
  await open();
});
afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true });
});

const hour = 3_600_000;
const create = async (client: SQSClient, QueueName: string, Attributes?: Record<string, string>) => {
  const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName, Attributes }));
  const names = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  return { QueueUrl, arn: names.Attributes?.QueueArn ?? '' };
};
const receive = async (QueueUrl: string, options: { WaitTimeSeconds?: number; VisibilityTimeout?: number } = {}) => {
  const request = { QueueUrl, MessageSystemAttributeNames: ['All' as const], MessageAttributeNames: ['All'] };
  return (
    (await sqs.send(new ReceiveMessageCommand({ ...request, MaxNumberOfMessages: 10, ...options }))).Messages ?? []
  );
};

test('a message hides for the visibility timeout, and comes back when the clock has passed it', async () => {
  const { QueueUrl } = await create(sqs, 'mail', { VisibilityTimeout: '1080' });
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }));
  const [first] = await receive(QueueUrl);
  expect(first).toMatchObject({ Body: 'one', Attributes: { ApproximateReceiveCount: '1' } });
  clock.turn(1_079_000);
  expect(await receive(QueueUrl)).toEqual([]);
  clock.turn(1000);
  const [second] = await receive(QueueUrl);
  expect(second).toMatchObject({ MessageId: first?.MessageId, Attributes: { ApproximateReceiveCount: '2' } });
});

test('a visibility of one hour is over as soon as the clock is turned, also for one who waits', async () => {
  const { QueueUrl } = await create(sqs, 'mail');
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }));
  const [{ ReceiptHandle } = {}] = await receive(QueueUrl);
  await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 3600 }));
  const waiting = receive(QueueUrl, { WaitTimeSeconds: 20 });
  clock.turn(hour - 1000);
  expect(await receive(QueueUrl)).toEqual([]);
  clock.turn(1000);
  expect(await waiting).toHaveLength(1);
});

test('a long poll is answered as soon as a message is sent', async () => {
  const { QueueUrl } = await create(sqs, 'mail');
  const waiting = Promise.all([1, 2].map(() => receive(QueueUrl, { WaitTimeSeconds: 20 })));
  for (const MessageBody of ['one', 'two']) await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  const bodies = (await waiting).flat().map(({ Body }) => Body);
  expect(new Set(bodies)).toEqual(new Set(['one', 'two']));
});

test('a long poll whose client has gone away takes no message', async () => {
  const { QueueUrl } = await create(sqs, 'mail');
  const left = new AbortController();
  const request = new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 });
  const waiting = sqs.send(request, { abortSignal: left.signal }).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 100));
  left.abort();
  await waiting;
  // The endpoint hears of it a moment later; nothing else tells when.
  await new Promise((resolve) => setTimeout(resolve, 200));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }));
  expect(await receive(QueueUrl)).toHaveLength(1);
});

test('a message received too often goes to the dead-letter queue with its age, and back by a move task as a new one', async () => {
  const dead = await create(sqs, 'parked');
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 2 });
  const { QueueUrl, arn } = await create(sqs, 'mail', { RedrivePolicy, VisibilityTimeout: '0' });
  const MessageAttributes = { reason: { DataType: 'String', StringValue: 'why' } };
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one', MessageAttributes }));
  const [first] = await receive(QueueUrl);
  await receive(QueueUrl);
  clock.turn(hour);
  expect(await receive(QueueUrl)).toEqual([]);
  const [parked] = await receive(dead.QueueUrl, { VisibilityTimeout: 0 });
  expect(parked?.MessageId).toBe(first?.MessageId);
  expect(parked?.Attributes).toMatchObject({
    SentTimestamp: first?.Attributes?.SentTimestamp,
    DeadLetterQueueSourceArn: arn,
  });

  await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: dead.arn }));
  const [moved] = await receive(QueueUrl, { WaitTimeSeconds: 5 });
  expect(moved).toMatchObject({ Body: 'one', MessageAttributes, Attributes: { ApproximateReceiveCount: '1' } });
  expect(moved?.MessageId).not.toBe(first?.MessageId);
  expect(Number(moved?.Attributes?.SentTimestamp) - Number(first?.Attributes?.SentTimestamp)).toBeGreaterThanOrEqual(
    hour,
  );
  const tasks = await sqs.send(new ListMessageMoveTasksCommand({ SourceArn: dead.arn }));
  await vi.waitFor(() => expect(tasks.Results).toMatchObject([{ ApproximateNumberOfMessagesMoved: 1 }]));
});

test('a message parked by hand needs a destination to be moved', async () => {
  const dead = await create(sqs, 'parked');
  const target = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 2 });
  const mail = await create(sqs, 'mail', { RedrivePolicy: target });
  await sqs.send(new SendMessageCommand({ QueueUrl: dead.QueueUrl, MessageBody: 'one' }));
  const list = async () => (await sqs.send(new ListMessageMoveTasksCommand({ SourceArn: dead.arn }))).Results?.[0];
  await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: dead.arn }));
  await vi.waitFor(async () => expect(await list()).toMatchObject({ FailureReason: 'CouldNotDetermineMessageSource' }));
  await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: dead.arn, DestinationArn: mail.arn }));
  await vi.waitFor(async () => expect(await list()).toMatchObject({ Status: 'COMPLETED' }));
  expect(await receive(mail.QueueUrl)).toHaveLength(1);
});

test('a message older than the retention period is gone', async () => {
  const { QueueUrl } = await create(sqs, 'mail', { MessageRetentionPeriod: '345600' });
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }));
  clock.turn(96 * hour + 1000);
  expect(await receive(QueueUrl)).toEqual([]);
});

test('messages, their counts and their waits outlive a restart', async () => {
  const { QueueUrl } = await create(sqs, 'mail', { VisibilityTimeout: '1080' });
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'in flight' }));
  await receive(QueueUrl);
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'waiting' }));
  await close();
  await open();
  expect((await receive(QueueUrl)).map(({ Body }) => Body)).toEqual(['waiting']);
  clock.turn(1_080_000);
  expect((await receive(QueueUrl)).map((message) => message.Attributes?.ApproximateReceiveCount)).toEqual(['2', '2']);
});

test('a fault to order is met once by the operation it was ordered for', async () => {
  const { QueueUrl } = await create(sqs, 'mail');
  faults.next('sqs', { operation: 'SendMessage', code: 'ServiceUnavailable', status: 503 });
  const send = () => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }));
  await expect(send()).rejects.toThrow(expect.objectContaining({ name: 'ServiceUnavailable' }));
  await expect(send()).resolves.toBeDefined();
  faults.next('sqs', { operation: 'SendMessage', cutAfter: 0 });
  await expect(send()).rejects.toThrow(/socket hang up|ECONNRESET/);
  expect(await receive(QueueUrl)).toHaveLength(2);
});

/** What two emulators must agree on: names of errors, counts and bodies, in the order of asking. */
async function interview(client: SQSClient): Promise<unknown[]> {
  const answers: unknown[] = [];
  const ask = async (question: Promise<unknown>) =>
    void answers.push(
      await question.catch((error: Error) => `error ${error.name.replace('AWS.SimpleQueueService.', '')}`),
    );
  const { QueueUrl } = await create(client, 'mail', { VisibilityTimeout: '30' });
  await ask(client.send(new GetQueueUrlCommand({ QueueName: 'nobody' })));
  const Entries = ['a', 'b', 'c'].map((Id) => ({ Id, MessageBody: `body ${Id}` }));
  const sent = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  answers.push(sent.Successful?.map(({ Id, MD5OfMessageBody }) => [Id, MD5OfMessageBody]));
  const received = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  answers.push(received.Messages?.map(({ Body, MD5OfBody }) => [Body, MD5OfBody]));
  const [a, b, c] = (received.Messages ?? []).map(({ ReceiptHandle }) => ReceiptHandle);
  const change = (ReceiptHandle: string | undefined, VisibilityTimeout: number) =>
    client
      .send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }))
      .then(() => 'changed');
  await ask(change(a, 50_000));
  await ask(change(a, 0));
  const again = await client.send(new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ['All'] }));
  answers.push(again.Messages?.map(({ Body, Attributes }) => [Body, Attributes?.ApproximateReceiveCount]));
  const handles = [b, c].map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
  const deleted = await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: handles }));
  answers.push(deleted.Successful?.map(({ Id }) => Id));
  const counts = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] });
  const attributes = (await client.send(counts)).Attributes;
  answers.push(attributes?.ApproximateNumberOfMessages, attributes?.ApproximateNumberOfMessagesNotVisible);
  await ask(
    client
      .send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: again.Messages?.[0]?.ReceiptHandle }))
      .then(() => 'deleted'),
  );
  await ask(
    client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 1 })).then(({ Messages }) => Messages ?? []),
  );
  return answers;
}

test('fauxqs, an emulator written by others, gives the same answers', async () => {
  const other = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  const client = new SQSClient({ ...clientConfig(other.address), maxAttempts: 1 });
  try {
    expect(await interview(sqs)).toEqual(await interview(client));
  } finally {
    client.destroy();
    await other.stop();
  }
});

test('a receipt handle that is none is refused', async () => {
  const { QueueUrl } = await create(sqs, 'mail');
  const remove = sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: 'zz' }));
  await expect(remove).rejects.toThrow(expect.objectContaining({ name: 'ReceiptHandleIsInvalid' }));
});
