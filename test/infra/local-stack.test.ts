/**
 * The local stack as a whole, with a stand-in for the function: it does what the real one does in the smallest way
 * (read the object, post it once per recipient, defer what fails), bundled and run as the real one is.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { LambdaClient, ListEventSourceMappingsCommand, UpdateEventSourceMappingCommand } from '@aws-sdk/client-lambda';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { clientConfig } from '../../infra/local/aws.ts';
import { names } from '../../infra/local/deployed-stack.ts';
import { type Stack, type StackOptions, startStack } from '../../infra/local/stack.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const hour = 3_600_000;
const group = 'example_group@groups.example.com';
let bundle: string;
let stack: Stack | undefined;

/** The stand-in. Subjects script it: `crash`, `throw`, `hang`, `eat` (memory), `lie` (a failure that is none of its messages). */
const standIn = `
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ChangeMessageVisibilityCommand, SQSClient } from '@aws-sdk/client-sqs';
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
const s3 = new S3Client({ forcePathStyle: true }), sqs = new SQSClient({}), e = process.env;
const persistenceStore = new DynamoDBPersistenceLayer({ tableName: e.SMTP2GS_LEDGER_TABLE });
const sites = JSON.parse(e.SMTP2GS_SITES);
const config = new IdempotencyConfig({ eventKeyJmesPath: 'key', expiresAfterSeconds: 1728000 });
const deliver = makeIdempotent(async ({ key, recipient, object }) => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: e.SMTP2GS_BUCKET, Key: object }));
  const form = new FormData();
  const [groupId, domain] = recipient.split('@');
  const fields = { emailMessage: Buffer.from(await Body.transformToByteArray()).toString('base64'), groupId, timeSource: 'server', token: 'theValueOfTheToken', 'actions.add': 'Add' };
  for (const [name, value] of Object.entries(fields)) form.append('form.' + name, value);
  const answer = await fetch(sites[domain].url + '/gs-group-messages-add-email.html', { method: 'POST', body: form });
  const page = await answer.text();
  if (!answer.ok || page.includes('alert-error')) throw new Error('not posted: ' + answer.status);
  return { posted: key };
}, { persistenceStore, config });
export const handler = async (event, context) => {
  config.registerLambdaContext(context);
  const batchItemFailures = [];
  for (const record of event.Records) {
    const { mail, receipt } = JSON.parse(record.body);
    const subject = mail.commonHeaders.subject;
    console.log(JSON.stringify({ message: 'mail', subject, attempt: record.attributes.ApproximateReceiveCount, ageMs: Date.now() - Date.parse(mail.timestamp) }));
    if (subject === 'crash') process.kill(process.pid, 'SIGKILL');
    if (subject === 'throw') throw new TypeError('a bug');
    if (subject === 'hang') await new Promise((resolve) => setTimeout(resolve, 60_000));
    if (subject === 'eat') { const held = []; for (;;) { held.push(Buffer.alloc(50_000_000, 1)); await new Promise((resolve) => setTimeout(resolve, 10)); } }
    if (subject === 'lie') return { batchItemFailures: [{ itemIdentifier: 'nobody' }] };
    const results = await Promise.allSettled(receipt.recipients.map((recipient) => deliver({ key: mail.messageId + '#' + recipient, recipient, object: receipt.action.objectKey })));
    console.log(JSON.stringify({ _aws: { Timestamp: Date.now(), CloudWatchMetrics: [{ Namespace: 'smtp2gs', Dimensions: [['outcome']], Metrics: [{ Name: 'Delivery', Unit: 'Count' }] }] }, outcome: results.every((r) => r.status === 'fulfilled') ? 'posted' : 'deferred', Delivery: results.length }));
    if (results.every((result) => result.status === 'fulfilled')) continue;
    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: e.SMTP2GS_QUEUE_URL, ReceiptHandle: record.receiptHandle, VisibilityTimeout: 3600 }));
    batchItemFailures.push({ itemIdentifier: record.messageId });
  }
  return { batchItemFailures };
};`;

beforeAll(async () => {
  bundle = mkdtempSync(join(tmpdir(), 'smtp2gs-stand-in-'));
  await build({
    stdin: { contents: standIn, resolveDir: root, loader: 'js' },
    outfile: join(bundle, 'index.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: { js: "import{createRequire as cr}from'node:module';const require=cr(import.meta.url);" },
    logLevel: 'error',
  });
});
afterAll(() => rmSync(bundle, { recursive: true }));
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});

const start = async (options: StackOptions = {}): Promise<Stack> => {
  stack = await startStack({ bundle, ...options });
  return stack;
};
const mail = (subject: string, to: string | string[] = group) => ({
  from: 'ada@example.com',
  to,
  subject,
  text: 'Tea?',
});

test('a mail goes from an SMTP client to the group, once, and leaves the queue, a ledger item, logs and metrics', async () => {
  const { send, settled, groupServer, queued, ledger, log, lambda, cloud } = await start();
  const messageId = await send(mail('Tea'));
  await settled();
  expect(groupServer.posts.map(({ groupId }) => groupId)).toEqual(['example_group']);
  const stored = cloud.s3.get(names.bucket, `inbound/${messageId}`);
  expect(groupServer.posts[0]?.message.size).toBe(stored?.size);
  expect(queued()).toEqual([]);
  expect(await ledger()).toMatchObject([{ status: 'COMPLETED' }]);
  expect(log.lines().map(({ fields }) => fields['subject'])).toEqual(['Tea']);
  expect(log.total('Delivery', { outcome: 'posted' })).toBe(1);
  const [report] = lambda.reports();
  expect(report?.initMs).toBeGreaterThan(0);
  expect(report?.maxMemoryMiB).toBeGreaterThan(20);
});

test('what fails waits for its time, on a clock that function and queue share; what is done is not done again', async () => {
  const { send, settled, groupServer, sites, queued, turnClock, log } = await start({
    sites: [{}, { domains: ['lists.example.org'], instance: 'other' }],
  });
  await sites[1]?.server.offline();
  await send(mail('Tea', [group, 'second_group@groups.example.com', 'third_group@lists.example.org']));
  await settled();
  expect(groupServer.posts).toHaveLength(2);
  expect(queued()).toMatchObject([{ state: 'waiting', attempts: 1, subject: 'Tea' }]);
  expect(Math.round(((queued()[0]?.nextAt ?? 0) - (stack?.clock.now() ?? 0)) / 60_000)).toBe(60);
  await sites[1]?.server.online();
  turnClock(hour);
  await settled();
  expect(queued()).toEqual([]);
  expect(groupServer.posts).toHaveLength(2);
  expect(sites[1]?.server.posts).toHaveLength(1);
  const ages = log.lines().map(({ fields }) => Math.round(Number(fields['ageMs']) / hour));
  expect(ages).toEqual([0, 1]);
});

test('a function that throws, crashes, hangs, eats its memory or answers nonsense loses no mail', async () => {
  const { send, settled, lambda, queued } = await start({ timeoutSeconds: 2, memoryMiB: 512 });
  const kinds = ['throw', 'crash', 'hang', 'eat', 'lie'];
  for (const kind of kinds) await send(mail(kind));
  await settled();
  expect(queued().map(({ subject, state, attempts }) => [subject, state, attempts])).toEqual(
    kinds.map((kind) => [kind, 'waiting', 1]),
  );
  const errors = lambda.reports().map(({ functionError }) => functionError?.errorType ?? 'none');
  expect(new Set(errors)).toEqual(
    new Set(['TypeError', 'Runtime.ExitError', 'Sandbox.Timedout', 'Runtime.OutOfMemory', 'none']),
  );
});

test('a function killed while it works gets the mail again when the visibility timeout is over', async () => {
  const { send, settled, groupServer, queued, killLambda, turnClock, mapping } = await start();
  groupServer.faults.next({ kind: 'hang', when: 'after-body' }, { page: 'add' });
  await send(mail('Tea'));
  await vi.waitFor(() => expect(groupServer.requests).toHaveLength(1), 10_000);
  expect(mapping.underWay().size).toBe(1);
  killLambda();
  await settled();
  expect(queued()).toMatchObject([{ state: 'waiting', attempts: 1 }]);
  turnClock(1080_000);
  await settled();
  expect(groupServer.posts).toHaveLength(1);
});

test('two deliveries of the same notification at the same moment post once', async () => {
  const { send, settled, groupServer, cloud, mapping, turnClock } = await start({ paused: true });
  await send(mail('Tea'));
  await vi.waitFor(() => expect(cloud.mailQueue.contents()).toHaveLength(1));
  cloud.mailQueue.send(cloud.mailQueue.contents()[0]?.body ?? '');
  mapping.enable();
  await settled();
  turnClock(hour);
  await settled();
  expect(groupServer.posts).toHaveLength(1);
  expect(cloud.mailQueue.contents()).toEqual([]);
});

test('a 40 MB mail passes through the chain', async () => {
  // The stand-in holds it in memory several times; the real function does not.
  const { send, settled, groupServer } = await start({ memoryMiB: 1024 });
  const body = `${'x'.repeat(76)}\r\n`.repeat((39 * 1024 * 1024) / 78);
  await send({ envelope: { from: 'ada@example.com', to: group }, raw: `Subject: big\r\n\r\n${body}` });
  await settled();
  expect(groupServer.posts[0]?.message.size).toBeGreaterThan(39 * 1024 * 1024 - 100);
});

test('the Lambda API pauses and resumes delivery', async () => {
  const { send, settled, groupServer, awsUrl, queued } = await start();
  const client = new LambdaClient(clientConfig(awsUrl));
  const list = await client.send(new ListEventSourceMappingsCommand({ FunctionName: names.functionName }));
  const [{ UUID } = { UUID: '' }] = list.EventSourceMappings ?? [];
  const enable = (Enabled: boolean) => client.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
  expect(await enable(false)).toMatchObject({ State: 'Disabled' });
  await send(mail('Tea'));
  await vi.waitFor(() => expect(queued()).toMatchObject([{ state: 'ready', attempts: 0 }]));
  expect(await enable(true)).toMatchObject({ State: 'Enabled' });
  await settled();
  expect(groupServer.posts).toHaveLength(1);
  client.destroy();
});

test('a kept stack goes on where it stopped: queue, objects, ledger, posts', async () => {
  const keep = join(bundle, 'kept');
  const first = await start({ keep });
  await first.send(mail('posted'));
  await first.settled();
  await first.groupServer.offline();
  await first.send(mail('waiting'));
  await first.settled();
  await expect(startStack({ bundle, keep })).rejects.toThrow(/is in use by the stack with process id/);
  await first.stop();
  const second = await start({ keep });
  expect(second.groupServer.posts).toHaveLength(1);
  expect((await second.groupServer.posts[0]?.message.bytes())?.toString()).toContain('Subject: posted');
  expect(second.queued()).toMatchObject([{ subject: 'waiting', attempts: 1 }]);
  second.turnClock(hour);
  await second.settled();
  expect(second.groupServer.posts).toHaveLength(2);
  expect(await second.ledger()).toMatchObject([{ status: 'COMPLETED' }, { status: 'COMPLETED' }]);
});

test('a bundle that cannot be loaded costs no mail', async () => {
  const broken = mkdtempSync(join(tmpdir(), 'smtp2gs-broken-'));
  writeFileSync(join(broken, 'index.mjs'), 'throw new Error("no");');
  const { send, settled, lambda, queued } = await start({ bundle: broken });
  await send(mail('Tea'));
  await settled();
  expect(queued()).toMatchObject([{ state: 'waiting', attempts: 1 }]);
  expect(lambda.reports()).toMatchObject([{ functionError: { errorType: 'Runtime.InitError' } }]);
  rmSync(broken, { recursive: true });
});

test('a stack that was stopped leaves no process and no file', async () => {
  const { send, settled, lambda, folder, stop } = await start();
  await send(mail('Tea'));
  await settled();
  const [{ pid } = { pid: 0 }] = lambda.environments();
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  await stop();
  expect(existsSync(`/proc/${pid}`)).toBe(false);
  expect(existsSync(folder)).toBe(false);
});

test('no process outlives a stack that is killed, and the mail that was under way is not lost', async () => {
  const keep = join(bundle, 'killed');
  const script = `
    import { startStack } from ${JSON.stringify(new URL('../../infra/local/stack.ts', import.meta.url).href)};
    const stack = await startStack({ bundle: ${JSON.stringify(bundle)}, keep: ${JSON.stringify(keep)} });
    await stack.send({ from: 'ada@example.com', to: ${JSON.stringify(group)}, subject: 'hang', text: 'x' });
    while (!stack.lambda.environments()[0]?.busy) await new Promise((resolve) => setTimeout(resolve, 20));
    console.log(stack.lambda.environments()[0]?.pid);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = String((await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()).value);
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  child.kill('SIGKILL');
  await vi.waitFor(() => expect(existsSync(`/proc/${pid}`)).toBe(false), 5000);
  const { queued, cloud } = await start({ keep });
  expect(queued()).toMatchObject([{ subject: 'hang', attempts: 1 }]);
  expect(cloud.s3.get(names.bucket, `inbound/${queued()[0]?.messageId}`)?.size).toBeGreaterThan(0);
});
