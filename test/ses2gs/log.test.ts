/** What the function writes: enough to find a mail by, and nothing that is nobody's business. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { metricNames } from '../../functions/ses2gs/metrics.ts';
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

const group = 'example_group@groups.example.com';

/** All that can happen to mail, more or less. */
async function happenings(): Promise<Record<string, unknown>[]> {
  await ses2gs.receive();
  await ses2gs.receive({ recipients: ['nobody@groups.example.com'] });
  await ses2gs.receive({ recipients: ['nobody@groups.example.com'], source: '' });
  await ses2gs.receive({ recipients: ['list@elsewhere.example.com'] });
  await ses2gs.receive({ verdicts: { virus: 'FAIL' } });
  await ses2gs.receive({ isMissing: true });
  server.faults.always({ kind: 'refused-form', labels: ['Token'] });
  await ses2gs.receive();
  await ses2gs.receive({ age: 30 * 3_600_000 });
  server.faults.always({ kind: 'reset', when: 'after-body' });
  await ses2gs.receive();
  ses2gs.cloud.faults.next('dynamodb', { operation: 'PutItem', code: 'ValidationException' });
  await ses2gs.receive();
  return ses2gs.output();
}

describe('the log', () => {
  it('names mails by their id, recipients by a digest, outcomes by their code', async () => {
    const { messageId } = await ses2gs.receive();
    expect(ses2gs.output()).toContainEqual(
      expect.objectContaining({
        level: 'INFO',
        message: 'delivered',
        correlation_id: messageId,
        code: '2.0.0',
        kind: 'posted',
        group: 'example_group',
        recipient: expect.stringMatching(/^[0-9a-f]{12}$/) as unknown,
      }),
    );
  });

  it('holds no address, no subject and no token', async () => {
    const text = JSON.stringify(await happenings());
    expect(text).not.toMatch(/@[\w.]*example/);
    expect(text).not.toContain('Tea');
    expect(text).not.toContain('theValueOfTheToken');
  });

  it('calls a service that is busy by its name, and no error', async () => {
    ses2gs.cloud.faults.always('dynamodb', { operation: 'PutItem', code: 'InternalServerError', status: 500 });
    await ses2gs.receive();
    const lines = ses2gs.output();
    expect(lines).toContainEqual(expect.objectContaining({ level: 'WARN', detail: 'ledger: InternalServerError' }));
    expect(lines.filter(({ level }) => level === 'ERROR')).toEqual([]);
  });

  it('does not name one mail in the lines of the next', async () => {
    const { messageId } = await ses2gs.receive();
    ses2gs.output();
    await ses2gs.invoke({ Service: 'Amazon S3', Event: 's3:TestEvent' });
    expect(JSON.stringify(ses2gs.output())).not.toContain(messageId);
  });
});

describe('a message that is no mail', () => {
  it('is logged under its own id, not under that of the mail before it', async () => {
    const { notification } = await ses2gs.store();
    const Records = [JSON.stringify(notification), 'no JSON'].map((body, index) => {
      return { eventSource: 'aws:sqs', messageId: `message ${index}`, receiptHandle: 'any', body };
    });
    await ses2gs.invoke({ Records });
    const parked = ses2gs.output().find(({ message }) => message === 'parked');
    expect(parked).toMatchObject({ correlation_id: 'message 1' });
  });
});

describe('the metrics', () => {
  it('count how deliveries ended by the code as well', async () => {
    await ses2gs.receive();
    expect(ses2gs.output()).toContainEqual(expect.objectContaining({ Delivered: 1, service: 'ses2gs', code: '2.0.0' }));
  });

  it('are all on the list, under the service', async () => {
    const blobs = (await happenings()).filter((line) => '_aws' in line);
    const named = new Set(blobs.flatMap((line) => Object.keys(line)));
    for (const name of ['_aws', 'service', 'code', ...metricNames]) named.delete(name);
    expect([...named]).toEqual([]);
    expect(blobs.length).toBeGreaterThan(5);
    expect(blobs.every(({ service }) => service === 'ses2gs')).toBe(true);
  });

  it('tell what an alarm needs of each mail', async () => {
    await ses2gs.receive({ recipients: [group, 'second_group@groups.example.com'], age: 90_000 });
    const [blob] = ses2gs.output().filter((line) => '_aws' in line && !('code' in line));
    expect(blob).toMatchObject({ Delivered: [1, 1], Attempts: 1 });
    expect(blob?.['MailAgeSeconds']).toBeGreaterThanOrEqual(90);
    expect(blob?.['MailBytes']).toBeGreaterThan(100);
    expect(blob?.['HttpMilliseconds']).toHaveLength(4);
  });
});
