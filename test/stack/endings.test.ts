/**
 * What does not arrive: bounced when that is safe, put into quarantine, parked, or ignored; never lost.
 */
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand, StartMessageMoveTaskCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { names } from '../../infra/local/cloud.ts';
import type { Stack } from '../../infra/local/stack.ts';
import { counted, example, expectNothingLeft, hour, mail, minute, posted, start, tryAgain } from './running-stack.ts';

const nobody = 'nobody@groups.example.com';
const announce = (stack: Stack, body: string, attributes: Record<string, string> = {}) =>
  stack.cloud.clients.sqs.send(
    new SendMessageCommand({
      QueueUrl: stack.cloud.queueUrl(stack.cloud.mailQueue),
      MessageBody: body,
      MessageAttributes: Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
      ),
    }),
  );

describe('a mail to an unknown group', () => {
  it('from an authenticated sender is bounced once, with the code of the failure table', async () => {
    const stack = await start();
    await stack.send(mail([nobody, 'no-one@groups.example.com', example]));
    await stack.settled();
    expect(posted(stack)).toEqual(['example_group']);
    expect(stack.bounces()).toHaveLength(1);
    const [bounce] = stack.bounces();
    expect(bounce?.to).toBe('ada@example.com');
    const dsn = bounce?.mail ?? '';
    for (const recipient of [nobody, 'no-one@groups.example.com'])
      expect(dsn).toContain(`Final-Recipient: rfc822; ${recipient}`);
    expect(dsn.match(/^Action: failed\r?$/gm)).toHaveLength(2);
    expect(dsn.match(/^Status: 5\.1\.1\r?$/gm)).toHaveLength(2);
    expect(dsn).toMatch(/There is no group with this address/);
    expect(dsn.split('text/rfc822-headers')[0]).not.toContain(example);
    expect(dsn).not.toContain('theValueOfTheToken');
    expectNothingLeft(stack);
    expect(counted(stack, 'Bounced')).toBe(2);
  });

  it.each([
    ['the null sender', { envelope: { from: '', to: nobody } }],
    ['a list', { headers: { 'List-Id': '<x.example.com>' } }],
    ['an auto-reply', { headers: { 'Auto-Submitted': 'auto-replied' } }],
    ['a sender that fails DMARC', { from: 'dmarc-none@example.com' }],
    ['a sender that nothing proves', { from: 'unknown@example.com' }],
    ['a mailer-daemon', { from: 'mailer-daemon@example.com' }],
  ])('from %s is not bounced', async (_, more) => {
    const stack = await start();
    await stack.send(mail(nobody, more));
    await stack.settled();
    expect(stack.bounces()).toEqual([]);
    expect(counted(stack, 'BounceSuppressed')).toBe(1);
    expectNothingLeft(stack);
  });

  it('is bounced later when SES is throttled', async () => {
    const stack = await start();
    stack.faults.always('ses', { code: 'Throttling' });
    await stack.send(mail(nobody));
    await stack.settled();
    expect(stack.bounces()).toEqual([]);
    stack.faults.clear();
    await tryAgain(stack);
    expect(stack.bounces()).toHaveLength(1);
    expectNothingLeft(stack);
  });
});

describe('a suspicious mail', () => {
  it.each(['spam@example.com', 'virus@example.com', 'dmarc-fail@example.com'])(
    'from %s lies in quarantine, unbounced, until it is released',
    async (from) => {
      const stack = await start();
      const id = await stack.send(mail(example, { from }));
      await stack.settled();
      expect(posted(stack)).toEqual([]);
      expect(stack.quarantined().map(({ key }) => key)).toEqual([expect.stringContaining(id)]);
      expect(counted(stack, 'Quarantined')).toBe(1);
      expect(stack.bounces()).toEqual([]);
    },
  );

  it('is delivered once when it is released, verdicts passed over', async () => {
    const stack = await start({ paused: true });
    await stack.send(mail(example, { from: 'spam@example.com' }));
    await expect.poll(() => stack.queued().length).toBe(1);
    const body = stack.queued()[0]?.body ?? '';
    stack.mapping.enable();
    await stack.settled();
    expect(posted(stack)).toEqual([]);
    await announce(stack, body, { 'smtp2gs-release': '1' });
    await stack.settled();
    await announce(stack, body, { 'smtp2gs-release': '1' });
    await stack.settled();
    expect(posted(stack)).toEqual(['example_group']);
  });
});

describe('a mail that is too old', () => {
  const waitOut = async (stack: Stack) => {
    for (let tries = 0; tries < 60 && stack.queued().length > 0; tries += 1) await tryAgain(stack);
  };

  it('is parked, and delivered once when it is redriven', async () => {
    const stack = await start();
    await stack.groupServer.offline();
    await stack.send(mail(example));
    await stack.settled();
    const sentAt = stack.clock.now();
    await waitOut(stack);
    expect((stack.clock.now() - sentAt) / hour).toBeGreaterThan(19);
    expect((stack.clock.now() - sentAt) / hour).toBeLessThan(22);
    expect(stack.parked()).toHaveLength(1);
    expect(JSON.stringify(stack.parked()[0]?.attributes)).toMatch(/4\.4\.4/);
    expect(stack.bounces()).toEqual([]);
    await stack.groupServer.online();
    const { mailQueue, parkQueue, clients } = stack.cloud;
    await clients.sqs.send(
      new StartMessageMoveTaskCommand({ SourceArn: parkQueue.arn, DestinationArn: mailQueue.arn }),
    );
    await expect.poll(() => posted(stack)).toEqual(['example_group']);
    await stack.settled();
    expectNothingLeft(stack);
  });

  it('is bounced with 4.4.7 where the settings say so, and not parked', async () => {
    const stack = await start({ environment: { SMTP2GS_EXPIRY_ACTION: 'bounce' } });
    await stack.groupServer.offline();
    await stack.send(mail(example));
    await stack.settled();
    await waitOut(stack);
    expect(stack.bounces()).toHaveLength(1);
    expect(stack.bounces()[0]?.mail).toMatch(/^Status: 4\.4\.7\r?$/m);
    expectNothingLeft(stack);
  });

  it('is never bounced for a wrong token', async () => {
    const stack = await start({ environment: { SMTP2GS_EXPIRY_ACTION: 'bounce' } });
    stack.groupServer.token = 'aNewTokenValue';
    await stack.send(mail(example));
    await stack.settled();
    await waitOut(stack);
    expect(stack.bounces()).toEqual([]);
    expect(stack.parked()).toHaveLength(1);
  });
});

describe('a message of the queue', () => {
  it('whose mail is missing is tried for ten minutes and then parked', async () => {
    const stack = await start({ paused: true });
    const id = await stack.send(mail(example));
    await expect.poll(() => stack.queued().length).toBe(1);
    await stack.cloud.clients.s3.send(new DeleteObjectCommand({ Bucket: names.bucket, Key: `inbound/${id}` }));
    stack.mapping.enable();
    await stack.settled();
    const since = stack.clock.now();
    while (stack.queued().length > 0) await tryAgain(stack);
    expect((stack.clock.now() - since) / minute).toBeGreaterThan(8);
    expect(stack.parked()).toHaveLength(1);
    expect(posted(stack)).toEqual([]);
  });

  it.each([
    [
      'without an envelope (an S3 event)',
      {
        Records: [
          {
            eventSource: 'aws:s3',
            eventName: 'ObjectCreated:Put',
            s3: { bucket: { name: names.bucket }, object: { key: 'inbound/x' } },
          },
        ],
      },
    ],
    ['of an unknown shape', { hello: 'world' }],
    ['that is no JSON', 'hello'],
  ])('%s is parked, with the reason', async (_, body) => {
    const stack = await start();
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    await announce(stack, text);
    await stack.settled();
    expect(stack.queued()).toEqual([]);
    expect(stack.parked().map((each) => each.body)).toEqual([text]);
    expect(Object.values(stack.parked()[0]?.attributes ?? {}).join()).not.toBe('');
  });

  it('about a mail in a bucket that is not ours is parked', async () => {
    const stack = await start({ paused: true });
    await stack.send(mail(example));
    await expect.poll(() => stack.queued().length).toBe(1);
    const body = (stack.queued()[0]?.body ?? '').replaceAll(names.bucket, 'somebody-elses-bucket');
    await announce(stack, body);
    stack.mapping.enable();
    await stack.settled();
    expect(posted(stack)).toEqual(['example_group']);
    expect(stack.parked()).toHaveLength(1);
  });

  it('for a domain that has no site is parked for that recipient only', async () => {
    const stack = await start({ paused: true });
    await stack.send(mail(example));
    await expect.poll(() => stack.queued().length).toBe(1);
    const body = stack.queued()[0]?.body ?? '';
    const recipients = (list: string[]) => `"recipients":${JSON.stringify(list)}`;
    await announce(stack, body.replace(recipients([example]), recipients([example, 'group@elsewhere.example.org'])));
    stack.mapping.enable();
    await stack.settled();
    while (stack.queued().length > 0) await tryAgain(stack);
    expect(posted(stack)).toEqual(['example_group']);
    expect(stack.parked()).toMatchObject([{ recipients: ['group@elsewhere.example.org'] }]);
  });

  it('that is the setup notification of SES is ignored', async () => {
    const stack = await start();
    await announce(
      stack,
      JSON.stringify({
        notificationType: 'AmazonSnsSubscriptionSucceeded',
        message: 'You have successfully subscribed',
      }),
    );
    await stack.settled();
    expectNothingLeft(stack);
    expect(counted(stack, 'Ignored')).toBe(1);
  });
});

describe('an event that comes past the queue', () => {
  it('from SES itself is forwarded into the queue, and delivered once', async () => {
    const stack = await start({ paused: true });
    await stack.send(mail(example));
    await expect.poll(() => stack.queued().length).toBe(1);
    const notification: unknown = JSON.parse((stack.queued()[0]?.body ?? '').replace('"type":"S3"', '"type":"Lambda"'));
    const event = { Records: [{ eventSource: 'aws:ses', eventVersion: '1.0', ses: notification }] };
    const { functionError } = await stack.lambda.invoke(event);
    expect(functionError).toBeUndefined();
    expect(stack.queued()).toHaveLength(2);
    stack.mapping.enable();
    await stack.settled();
    while (stack.queued().length > 0) await tryAgain(stack);
    expect(posted(stack)).toEqual(['example_group']);
    expectNothingLeft(stack);
  });
});

describe('the answer to the event source mapping', () => {
  it('names a mail that failed, and never says that all is well', async () => {
    const stack = await start({ paused: true });
    stack.groupServer.faults.always({ kind: 'status', status: 500 });
    await stack.send(mail(example));
    await expect.poll(() => stack.queued().length).toBe(1);
    const [queued] = stack.queued();
    const record = {
      messageId: 'the-id',
      receiptHandle: 'none',
      body: queued?.body,
      attributes: { ApproximateReceiveCount: '1', SentTimestamp: String(Date.now()) },
      messageAttributes: {},
      eventSource: 'aws:sqs',
      eventSourceARN: stack.cloud.mailQueue.arn,
      awsRegion: 'us-east-1',
    };
    const { payload, functionError } = await stack.lambda.invoke({ Records: [record] });
    expect(functionError).toBeUndefined();
    expect(payload).toEqual({ batchItemFailures: [{ itemIdentifier: 'the-id' }] });
  });
});
