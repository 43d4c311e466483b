/** Mail that cannot be delivered now: it stays in the queue, is tried again in time, and is given up one day. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openLedger } from '../../functions/ses2gs/ledger.ts';
import { names } from '../../infra/local/cloud.ts';
import type { GroupServer } from '../../infra/local/group-server/group-server.ts';
import { type CloudFunction, startCloudFunction } from './cloud-function.ts';

let ses2gs: CloudFunction;
let server: GroupServer;

beforeAll(async () => {
  ses2gs = await startCloudFunction();
  const [site] = ses2gs.sites;
  if (!site) throw new Error('a site was asked for');
  server = site.server;
});
beforeEach(() => ses2gs.reset());
afterAll(() => ses2gs.stop());

const hour = 3_600_000;
const group = 'example_group@groups.example.com';
const done = [{ batchItemFailures: [] }];
const failed = [{ batchItemFailures: [{ itemIdentifier: expect.any(String) as unknown }] }];
const down = () => server.faults.always({ kind: 'status', status: 503 });

describe('a mail that fails', () => {
  it('is named in batchItemFailures, so that it is not deleted', async () => {
    down();
    expect((await ses2gs.receive()).answers).toEqual(failed);
    expect(ses2gs.cloud.mailQueue.contents()).toHaveLength(1);
  });

  it('is seen again as the schedule says, and delivered when that goes', async () => {
    down();
    const waits: number[] = [];
    await ses2gs.receive();
    for (let time = 1; time < 4; time += 1) {
      waits.push(ses2gs.hiddenFor());
      expect(await ses2gs.workAgain()).toEqual(failed);
    }
    for (const [index, planned] of [60, 120, 300].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(planned * 0.8);
      expect(waits[index]).toBeLessThanOrEqual(planned * 1.2);
    }
    server.faults.clear();
    expect(await ses2gs.workAgain()).toEqual(done);
    expect(server.posts).toHaveLength(1);
  });

  it('waits as long as the server asks for', async () => {
    server.faults.next({ kind: 'status', status: 503, headers: { 'retry-after': '4000' } });
    await ses2gs.receive();
    expect(ses2gs.hiddenFor()).toBe(4000);
  });

  it('is seen again by the time-out of the queue when the schedule cannot be told', async () => {
    down();
    ses2gs.cloud.faults.always('sqs', {
      operation: 'ChangeMessageVisibility',
      code: 'ServiceUnavailable',
      status: 503,
    });
    expect((await ses2gs.receive()).answers).toEqual(failed);
    expect(ses2gs.hiddenFor()).toBe(1080);
  });

  it.each([
    ['s3', 'GetObject', 'SlowDown', 503],
    ['s3', 'GetObject', 'AccessDenied', 403],
    ['dynamodb', 'PutItem', 'ProvisionedThroughputExceededException', 400],
    ['dynamodb', 'PutItem', 'InternalServerError', 500],
  ] as const)('because %s answers %s with %s is delivered later', async (service, operation, code, status) => {
    const mend = ses2gs.cloud.faults.always(service, { operation, code, status });
    expect((await ses2gs.receive()).answers).toEqual(failed);
    expect(server.posts).toEqual([]);
    mend();
    expect(await ses2gs.workAgain()).toEqual(done);
    expect(server.posts).toHaveLength(1);
  });

  it('because the connection to S3 breaks in the middle of a large mail is delivered later, whole', async () => {
    const bytes = Buffer.alloc(3_000_000, 'Subject: x\n\n');
    const { notification } = await ses2gs.store({ bytes });
    ses2gs.cloud.faults.next('s3', { operation: 'GetObject' });
    ses2gs.cloud.faults.next('s3', { operation: 'GetObject', cutAfter: 500_000 });
    ses2gs.enqueue(JSON.stringify(notification));
    expect(await ses2gs.work()).toEqual(failed);
    expect(server.posts).toEqual([]);
    expect(await ses2gs.workAgain()).toEqual(done);
    expect(server.posts[0]?.message.size).toBe(bytes.length + `X-Original-To: ${group}\r\n`.length);
  });
});

describe('a mail that was posted', () => {
  it('is written down when the ledger has been busy for a while', async () => {
    const busy = { operation: 'UpdateItem', code: 'ProvisionedThroughputExceededException', status: 400 };
    ses2gs.cloud.faults.next('dynamodb', busy, 8);
    expect((await ses2gs.receive()).answers).toEqual(done);
    expect(await ses2gs.ledger()).toContainEqual(expect.objectContaining({ status: 'COMPLETED' }));
  });

  it('is done with even when the ledger cannot be told', async () => {
    ses2gs.cloud.faults.always('dynamodb', { operation: 'UpdateItem', code: 'InternalServerError', status: 500 });
    expect((await ses2gs.receive()).answers).toEqual(done);
    expect(server.posts).toHaveLength(1);
    expect(await ses2gs.ledger()).toContainEqual(expect.objectContaining({ status: 'INPROGRESS' }));
  });
});

describe('when little time is left', () => {
  it('nothing is started that could not be ended', async () => {
    const { notification } = await ses2gs.store({ age: 30 * hour });
    ses2gs.enqueue(JSON.stringify(notification));
    expect(await ses2gs.work(19_000)).toEqual(failed);
    for (let time = 1; time < 4; time += 1) expect(await ses2gs.workAgain(19_000)).toEqual(failed);
    expect(server.requests).toEqual([]);
    expect(ses2gs.parked()).toEqual([]);
    // It was nobody's fault: the first step of the schedule each time.
    expect(ses2gs.hiddenFor()).toBeLessThanOrEqual(72);
  });

  it('a delivery takes no longer than the settings say', async () => {
    ses2gs.environment({ SMTP2GS_TIMEOUT_SECONDS: '1' });
    server.faults.always({ kind: 'hang', when: 'after-body' });
    expect((await ses2gs.receive()).answers).toEqual(failed);
  });
});

describe('a worker that was killed', () => {
  it('leaves a claim that keeps others off until its invocation would have ended, and not longer', async () => {
    const { messageId, notification } = await ses2gs.store();
    const claim = await openLedger(names.table).claim(`${messageId}#${group}`, 1500);
    expect(claim).toBeTypeOf('object');
    ses2gs.enqueue(JSON.stringify(notification));
    expect(await ses2gs.work()).toEqual(failed);
    expect(server.requests).toEqual([]);
    await expect.poll(() => ses2gs.workAgain(), { timeout: 10_000, interval: 300 }).toEqual(done);
    expect(server.posts).toHaveLength(1);
  });
});

describe('an old mail', () => {
  it('is tried once more, and delivered', async () => {
    expect((await ses2gs.receive({ age: 100 * hour })).answers).toEqual(done);
    expect(server.posts).toHaveLength(1);
  });

  it('that fails is parked for those that it did not reach, with the reason', async () => {
    server.faults.next({ kind: 'status', status: 503 });
    const { answers } = await ses2gs.receive({
      age: 20.1 * hour,
      recipients: [group, 'second_group@groups.example.com'],
    });
    expect(answers).toEqual(done);
    expect(ses2gs.parked()).toMatchObject([
      { recipients: [group], attributes: { 'smtp2gs-reason': expect.stringMatching(/^4\.5\.0 .*503/) as unknown } },
    ]);
    expect(server.posts).toHaveLength(1);
  });

  it('stays in the queue when it cannot be parked', async () => {
    down();
    ses2gs.cloud.faults.always('sqs', { operation: 'SendMessage', code: 'ServiceUnavailable', status: 503 });
    expect((await ses2gs.receive({ age: 21 * hour })).answers).toEqual(failed);
  });

  it('that was parked is delivered when it comes again, with what the operator asked for', async () => {
    down();
    const { notification } = await ses2gs.store({ age: 30 * hour });
    ses2gs.enqueue(JSON.stringify(notification), { 'smtp2gs-release': '1', 'smtp2gs-again': 'now' });
    await ses2gs.work();
    const [parked] = ses2gs.parked();
    expect(parked?.attributes).toMatchObject({ 'smtp2gs-release': '1', 'smtp2gs-again': 'now' });
    server.faults.clear();
    ses2gs.enqueue(parked?.body ?? '', parked?.attributes);
    expect(await ses2gs.work()).toEqual(done);
    expect(server.posts).toHaveLength(1);
  });
});

describe('a mail without a time', () => {
  it.each([
    [19 * hour, failed],
    [21 * hour, done],
  ])('is as old as its message: %i ms', async (age, expected) => {
    down();
    const { notification } = await ses2gs.store();
    const body = JSON.stringify(notification).replaceAll(/"timestamp":"[^"]*"/g, '"timestamp":"yesterday"');
    const attributes = { SentTimestamp: String(Date.now() - age) };
    const record = { eventSource: 'aws:sqs', messageId: 'id', receiptHandle: 'any', body, attributes };
    expect([await ses2gs.invoke({ Records: [record] })]).toEqual(expected);
  });
});

describe('a mail that is not in the bucket', () => {
  it('is waited for while it is young', async () => {
    const { answers, messageId, bytes } = await ses2gs.receive({ isMissing: true });
    expect(answers).toEqual(failed);
    await ses2gs.store({ messageId, bytes });
    expect(await ses2gs.workAgain()).toEqual(done);
    expect(server.posts).toHaveLength(1);
  });

  it('is parked when it is older than ten minutes', async () => {
    expect((await ses2gs.receive({ isMissing: true, age: 11 * 60_000 })).answers).toEqual(done);
    expect(ses2gs.parked()).toMatchObject([{ recipients: [group] }]);
  });
});

describe('a recipient whose domain has no site', () => {
  const stranger = 'list@elsewhere.example.com';

  it('is parked, and the others are delivered', async () => {
    expect((await ses2gs.receive({ recipients: [stranger, group] })).answers).toEqual(done);
    expect(ses2gs.parked()).toMatchObject([{ recipients: [stranger] }]);
    expect(server.posts).toHaveLength(1);
  });

  it('is parked once, when the others are delivered', async () => {
    down();
    expect((await ses2gs.receive({ recipients: [stranger, group] })).answers).toEqual(failed);
    expect(ses2gs.parked()).toEqual([]);
    server.faults.clear();
    expect(await ses2gs.workAgain()).toEqual(done);
    expect(ses2gs.parked()).toHaveLength(1);
  });
});
