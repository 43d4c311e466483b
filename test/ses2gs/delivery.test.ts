/** What is delivered to GroupServer, from the queue on: which bytes, for whom, how often. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GroupServer } from '../../infra/local/group-server/group-server.ts';
import { type CloudFunction, startCloudFunction } from './cloud-function.ts';

let ses2gs: CloudFunction;
let server: GroupServer;
let secondServer: GroupServer;

beforeAll(async () => {
  ses2gs = await startCloudFunction([
    {},
    { domains: ['lists.example.org'], instance: 'second', token: 'theOtherToken' },
  ]);
  const [first, second] = ses2gs.sites;
  if (!first || !second) throw new Error('two sites were asked for');
  server = first.server;
  secondServer = second.server;
});
beforeEach(() => ses2gs.reset());
afterAll(() => ses2gs.stop());

const done = [{ batchItemFailures: [] }];
const group = 'example_group@groups.example.com';
const secondGroup = 'second_group@groups.example.com';
const thirdGroup = 'third_group@groups.example.com';

async function posted(index = 0): Promise<string> {
  const bytes = await server.posts[index]?.message.bytes();
  return bytes?.toString('latin1') ?? '';
}

const groups = () => server.posts.map(({ groupId }) => groupId);

describe('a mail', () => {
  it('is posted as it was stored, behind its envelope recipient, and leaves the queue', async () => {
    const { bytes, answers } = await ses2gs.receive({ fields: ['X-Original-To: forged@example.com'] });
    expect(answers).toEqual(done);
    expect(ses2gs.cloud.mailQueue.contents()).toEqual([]);
    expect(server.posts).toHaveLength(1);
    expect(await posted()).toBe(`X-Original-To: ${group}\r\n${bytes.toString('latin1')}`);
  });

  it('keeps every byte: 8-bit, NUL, CR and LF alone', async () => {
    const bytes = Buffer.from('Subject: caf\xe9\n\n\0\r\n\r\xff\xfe\n.\r\n', 'latin1');
    await ses2gs.receive({ bytes });
    expect(await posted()).toBe(`X-Original-To: ${group}\r\n${bytes.toString('latin1')}`);
  });

  it.each([1024 * 1024 - 1, 1024 * 1024, 1024 * 1024 + 1, 5_000_000])('of %i bytes arrives whole', async (size) => {
    const bytes = Buffer.alloc(size, 'all kinds of tea\r\n');
    bytes.write(`Subject: ${size}\r\n\r\n`);
    await ses2gs.receive({ bytes });
    expect(await posted()).toBe(`X-Original-To: ${group}\r\n${bytes.toString('latin1')}`);
  });

  it('of exactly the maximum is posted, one byte more is not', async () => {
    ses2gs.environment({ SMTP2GS_MAX_SIZE_MIB: '1' });
    await ses2gs.receive({ bytes: Buffer.alloc(1024 * 1024, 'Subject: x\n') });
    await ses2gs.receive({ bytes: Buffer.alloc(1024 * 1024 + 1, 'Subject: x\n') });
    expect(server.posts).toHaveLength(1);
  });

  it('that changes between its two readings is not posted as a mixture', async () => {
    const bytes = Buffer.alloc(3_000_000, 'Subject: x\n\n');
    const { messageId, notification } = await ses2gs.store({ bytes, recipients: ['second_group@lists.example.org'] });
    secondServer.faults.next({ kind: 'delay', milliseconds: 500 }, { page: 'look-up' });
    ses2gs.enqueue(JSON.stringify(notification));
    const working = ses2gs.work();
    await expect.poll(() => secondServer.requests.length, { timeout: 10_000, interval: 20 }).toBe(1);
    await ses2gs.store({ messageId, bytes: Buffer.alloc(3_000_000, 'Subject: y\n\n') });
    expect((await working)[0]?.batchItemFailures).toHaveLength(1);
    expect(secondServer.posts).toEqual([]);
  });

  it('that is empty is refused for good', async () => {
    expect((await ses2gs.receive({ bytes: Buffer.alloc(0) })).answers).toEqual(done);
    expect(ses2gs.output()).toContainEqual(expect.objectContaining({ kind: 'message-empty' }));
  });

  it('to a member is relayed', async () => {
    expect((await ses2gs.receive({ recipients: ['p-ada@groups.example.com'] })).answers).toEqual(done);
    expect(server.relayed).toHaveLength(1);
  });

  it('to a VERP address records a bounce', async () => {
    const recipients = ['example_group+ada=example.org@groups.example.com'];
    expect((await ses2gs.receive({ recipients, source: '' })).answers).toEqual(done);
    expect(server.bounces).toMatchObject([{ userEmail: 'ada@example.org', groupEmail: group }]);
  });

  it('is delivered to the site of its recipient, with the token of that instance', async () => {
    await ses2gs.receive({ recipients: [group, 'example_group@Lists.Example.ORG'] });
    expect(server.posts).toHaveLength(1);
    expect(secondServer.posts).toHaveLength(1);
  });

  it('in an SNS envelope is delivered too', async () => {
    const { notification } = await ses2gs.store();
    ses2gs.enqueue(JSON.stringify({ Type: 'Notification', Message: JSON.stringify(notification) }));
    expect(await ses2gs.work()).toEqual(done);
    expect(server.posts).toHaveLength(1);
  });
});

describe('a mail to three groups', () => {
  const recipients = [group, secondGroup, thirdGroup];

  it('is posted to each on its own', async () => {
    await ses2gs.receive({ recipients });
    expect(groups()).toEqual(['example_group', 'second_group', 'third_group']);
    expect(await posted(1)).toMatch(`X-Original-To: ${secondGroup}\r\n`);
  });

  it('of which one fails is posted to the others once, and to that one later', async () => {
    server.faults.next({ kind: 'delay', milliseconds: 0 }, { page: 'add' });
    server.faults.next({ kind: 'status', status: 503 }, { page: 'add' });
    const { answers } = await ses2gs.receive({ recipients });
    expect(answers[0]?.batchItemFailures).toHaveLength(1);
    expect(groups()).toEqual(['example_group', 'third_group']);
    expect(await ses2gs.workAgain()).toEqual(done);
    expect(groups()).toEqual(['example_group', 'third_group', 'second_group']);
    expect(server.duplicates).toEqual([]);
    expect(ses2gs.cloud.mailQueue.contents()).toEqual([]);
  });
});

describe('a duplicate', () => {
  it('of a notification is not posted again', async () => {
    const { notification } = await ses2gs.store();
    for (const time of [1, 2]) {
      ses2gs.enqueue(JSON.stringify(notification));
      expect(await ses2gs.work(), `time ${time}`).toEqual(done);
    }
    expect(server.requests.filter(({ path }) => path.includes('add-email'))).toHaveLength(1);
  });

  it('at the same moment waits, and finds the work done', async () => {
    const { notification } = await ses2gs.store();
    server.faults.always({ kind: 'delay', milliseconds: 300 }, { page: 'add' });
    ses2gs.enqueue(JSON.stringify(notification));
    ses2gs.enqueue(JSON.stringify(notification));
    const answers = await Promise.all([ses2gs.work(), ses2gs.work()]);
    // One of the two workers got both messages, or each got one: either way one message had to wait.
    expect(answers.flat().flatMap(({ batchItemFailures }) => batchItemFailures).length).toBeLessThanOrEqual(1);
    await ses2gs.workAgain();
    expect(server.posts).toHaveLength(1);
    expect(server.duplicates).toEqual([]);
    expect(ses2gs.cloud.mailQueue.contents()).toEqual([]);
  });

  it('that an operator asked for is posted, once for each time that he asked', async () => {
    const { notification } = await ses2gs.receive().then(({ messageId, bytes }) => ses2gs.store({ messageId, bytes }));
    for (const again of ['first', 'first', 'second']) {
      ses2gs.enqueue(JSON.stringify(notification), { 'smtp2gs-again': again });
      await ses2gs.work();
    }
    expect(server.posts.length + server.duplicates.length).toBe(3);
  });
});

describe('several messages in one invocation', () => {
  it('are each handled on its own: one that fails does not hold up the others', async () => {
    const mails = [await ses2gs.store(), await ses2gs.store({ recipients: [secondGroup] }), await ses2gs.store()];
    server.faults.next({ kind: 'delay', milliseconds: 0 }, { page: 'add' });
    server.faults.next({ kind: 'status', status: 503 }, { page: 'add' });
    const Records = mails.map(({ notification }, index) => ({
      eventSource: 'aws:sqs',
      messageId: `message ${index}`,
      receiptHandle: 'a handle that the queue does not know',
      body: JSON.stringify(notification),
    }));
    expect(await ses2gs.invoke({ Records })).toEqual({ batchItemFailures: [{ itemIdentifier: 'message 1' }] });
    expect(groups()).toEqual(['example_group', 'example_group']);
  });
});
