/** Mail with a bad verdict: kept where an administrator finds it, and delivered when he says so. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parsedJson, property } from '../../functions/ses2gs/json.ts';
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

const done = [{ batchItemFailures: [] }];
const failed = [{ batchItemFailures: [{ itemIdentifier: expect.any(String) as unknown }] }];

function stored(key: string): Buffer {
  const object = ses2gs.cloud.s3.get(names.bucket, key);
  if (!object) throw new Error(`there is no ${key}`);
  return readFileSync(ses2gs.cloud.s3.path(object));
}

describe.each(['virus', 'spam'])('a mail whose %s verdict is FAIL', (name) => {
  const suspicious = { verdicts: { [name]: 'FAIL' } };

  it('is quarantined as it came, with the reason, and nobody is told', async () => {
    const { messageId, bytes, answers } = await ses2gs.receive(suspicious);
    expect(answers).toEqual(done);
    expect(stored(`quarantine/${messageId}`)).toEqual(bytes);
    expect(parsedJson(stored(`quarantine/${messageId}.json`).toString())).toMatchObject({ reason: name });
    expect(server.requests).toEqual([]);
    expect(ses2gs.cloud.ses.bounces()).toEqual([]);
    expect(ses2gs.output()).toContainEqual(expect.objectContaining({ Quarantined: 1 }));
  });

  it('is delivered once when it is released', async () => {
    const { messageId, bytes } = await ses2gs.receive(suspicious);
    const note = parsedJson(stored(`quarantine/${messageId}.json`).toString());
    for (const _ of [1, 2]) {
      ses2gs.enqueue(JSON.stringify(property(note, 'notification')), { 'smtp2gs-release': '1' });
      expect(await ses2gs.work()).toEqual(done);
    }
    expect(server.posts).toHaveLength(1);
    expect((await server.posts[0]?.message.bytes())?.includes(bytes)).toBe(true);
  });

  it('stays in the queue when it cannot be quarantined', async () => {
    ses2gs.cloud.faults.always('s3', { operation: 'CopyObject', code: 'AccessDenied', status: 403 });
    expect((await ses2gs.receive(suspicious)).answers).toEqual(failed);
    expect(server.requests).toEqual([]);
  });
});

describe('a mail whose id has characters that mean something in a URL', () => {
  it('is quarantined like any other', async () => {
    const { bytes } = await ses2gs.receive({ verdicts: { virus: 'FAIL' }, messageId: 'odd%41+id?' });
    expect(stored('quarantine/odd%41+id?')).toEqual(bytes);
  });
});

describe('a mail that can be quarantined no more', () => {
  it('is parked when its time is over', async () => {
    const { answers } = await ses2gs.receive({ verdicts: { virus: 'FAIL' }, isMissing: true, age: 21 * 3_600_000 });
    expect(answers).toEqual(done);
    expect(ses2gs.parked()).toMatchObject([{ attributes: { 'smtp2gs-reason': 'NoSuchKey, see the log' } }]);
  });
});

describe('spam', () => {
  it('is dropped where the settings say so', async () => {
    ses2gs.environment({ SMTP2GS_SPAM_ACTION: 'drop' });
    const { messageId, answers } = await ses2gs.receive({ verdicts: { spam: 'FAIL' } });
    expect(answers).toEqual(done);
    expect(ses2gs.keys(`quarantine/${messageId}`)).toEqual([]);
    expect(ses2gs.output()).toContainEqual(expect.objectContaining({ Dropped: 1 }));
  });

  it('is delivered where the settings say so', async () => {
    ses2gs.environment({ SMTP2GS_SPAM_ACTION: 'deliver' });
    expect((await ses2gs.receive({ verdicts: { spam: 'FAIL' } })).answers).toEqual(done);
    expect(server.posts).toHaveLength(1);
  });
});

describe('verdicts', () => {
  it('in the mail itself mean nothing', async () => {
    await ses2gs.receive({ fields: ['X-SES-Virus-Verdict: FAIL', 'X-SES-Spam-Verdict: FAIL'] });
    expect(server.posts).toHaveLength(1);
  });
});
