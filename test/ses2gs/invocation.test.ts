/** What the function may be called with beside a good notification: nothing of it gets lost. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CloudFunction, startCloudFunction } from './cloud-function.ts';
import { documentedFate, eventNames, eventPlace, readEvent } from './events.ts';

let ses2gs: CloudFunction;

beforeAll(async () => {
  ses2gs = await startCloudFunction();
});
beforeEach(() => {
  ses2gs.reset();
  ses2gs.environment({ SMTP2GS_BUCKET: eventPlace.bucket });
});
afterAll(() => ses2gs.stop());

const done = { batchItemFailures: [] };
const eventsThatAre = (fate: string) => eventNames.filter((name) => documentedFate(name).startsWith(fate));
const bodies = (queue: 'mailQueue' | 'parkQueue') => ses2gs.cloud[queue].contents().map(({ body }) => body);

describe('the event', () => {
  it.each(eventsThatAre('parked'))('%s is parked with a reason', async (name) => {
    expect(await ses2gs.invoke(readEvent(name))).toEqual(done);
    expect(ses2gs.parked()).toMatchObject([
      { attributes: { 'smtp2gs-reason': expect.stringMatching(/.{10}/) as unknown } },
    ]);
    expect(ses2gs.output()).toContainEqual(expect.objectContaining({ Parked: 1 }));
  });

  it.each([...eventsThatAre('ignored'), 'no-records'])('%s is ignored', async (name) => {
    expect(await ses2gs.invoke(readEvent(name))).toEqual(done);
    expect(bodies('parkQueue')).toEqual([]);
    expect(bodies('mailQueue')).toEqual([]);
    expect(ses2gs.output()).toContainEqual(expect.objectContaining({ Ignored: 1 }));
  });

  it.each(eventsThatAre('forwarded'))('%s is forwarded into the queue, or is an error', async (name) => {
    expect(await ses2gs.invoke(readEvent(name))).toEqual(done);
    expect(bodies('mailQueue')).toHaveLength(1);
    ses2gs.cloud.faults.always('sqs', { operation: 'SendMessage', code: 'ServiceUnavailable', status: 503 });
    await expect(ses2gs.invoke(readEvent(name))).rejects.toThrow('a fault to order');
  });

  it.each(eventsThatAre('quarantined'))('%s is not delivered', async (name) => {
    // The mail itself is not there: the copy fails, and the message stays.
    expect((await ses2gs.invoke(readEvent(name))).batchItemFailures).toHaveLength(1);
    expect(ses2gs.sites[0]?.server.requests).toEqual([]);
  });

  it.each(eventsThatAre('forwarded'))('%s is delivered from there', async (name) => {
    ses2gs.environment();
    const { notification } = await ses2gs.store();
    const { mail, receipt } = notification;
    const asSns = { Records: [{ EventSource: 'aws:sns', Sns: { Message: JSON.stringify(notification) } }] };
    const asSes = {
      Records: [{ eventSource: 'aws:ses', ses: { mail, receipt: { ...receipt, action: { type: 'Lambda' } } } }],
    };
    await ses2gs.invoke(name === 'sns-direct' ? asSns : asSes);
    expect(await ses2gs.work()).toEqual([done]);
    expect(ses2gs.sites[0]?.server.posts).toHaveLength(1);
  });

  it('that is parked holds all that it was called with', async () => {
    await ses2gs.invoke(readEvent('unknown-shape'));
    expect(JSON.parse(bodies('parkQueue')[0] ?? '')).toEqual(readEvent('unknown-shape'));
  });

  it('that cannot be parked is an error, so that Lambda tries again', async () => {
    ses2gs.cloud.faults.always('sqs', { operation: 'SendMessage', code: 'ServiceUnavailable', status: 503 });
    await expect(ses2gs.invoke(readEvent('s3-event'))).rejects.toThrow('a fault to order');
  });
});

describe('the reason for which a message is parked', () => {
  it('is text that SQS takes, whatever the message holds', async () => {
    ses2gs.enqueue(JSON.stringify({ notificationType: 'B\u0000unce\n' }));
    expect(await ses2gs.work()).toEqual([done]);
    expect(ses2gs.parked()[0]?.attributes['smtp2gs-reason']).toBe('a notification of another kind (B?unce?)');
  });
});

describe('the bucket of somebody else', () => {
  it('is not touched', async () => {
    const { notification } = await ses2gs.store();
    ses2gs.enqueue(JSON.stringify(notification));
    expect(await ses2gs.work()).toEqual([done]);
    expect(ses2gs.parked()).toHaveLength(1);
    expect(ses2gs.sites[0]?.server.requests).toEqual([]);
  });

  it('nor are objects outside of the prefix', async () => {
    ses2gs.environment({ SMTP2GS_PREFIX: 'elsewhere/' });
    const { notification } = await ses2gs.store();
    ses2gs.enqueue(JSON.stringify(notification));
    await ses2gs.work();
    expect(ses2gs.parked()[0]?.attributes['smtp2gs-reason']).toMatch('does not lie where mail is stored');
  });
});
