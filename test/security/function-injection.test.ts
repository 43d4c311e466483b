/**
 * Line breaks, NUL, quotes and markup in what SES announces: the function handles or parks it, asks SES for no bounce
 * that could hold another field, logs lines of JSON, and the web page shows text.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Stack, startStack } from '../../infra/local/stack.ts';
import { startWebPage } from '../../infra/local/web-page.ts';
import { type CloudFunction, startCloudFunction } from '../ses2gs/cloud-function.ts';

const group = 'example_group@groups.example.com';

describe('the function', () => {
  let ses2gs: CloudFunction;
  beforeAll(async () => {
    ses2gs = await startCloudFunction();
  });
  beforeEach(() => ses2gs.reset());
  afterAll(() => ses2gs.stop());

  const requests = () => ses2gs.sites[0]?.server.requests ?? [];
  const bounced = () => ses2gs.cloud.ses.bounces();
  /** Announces a stored mail with other words than SES would. */
  const announce = async (change: (notification: Record<string, unknown>) => void) => {
    const { notification } = await ses2gs.store();
    const copy: Record<string, unknown> = structuredClone(notification);
    change(copy);
    ses2gs.enqueue(JSON.stringify(copy));
    return await ses2gs.work();
  };
  const set = (holder: unknown, name: string, value: unknown) => {
    if (typeof holder === 'object' && holder !== null) Reflect.set(holder, name, value);
  };

  it.each(['\r\nBcc: victim@example.net', '\n', '\r'])('parks a mail whose recipient has %j', async (odd) => {
    await announce(({ receipt }) => set(receipt, 'recipients', [group, `list${odd}@groups.example.com`]));
    expect(ses2gs.parked()).toHaveLength(1);
    expect(requests()).toEqual([]);
  });

  it.each(['\0', '\u2028', '\x1b[31m', '>\t<', '"; x="', "\\'", '\u0085'])(
    'asks for no bounce with another field, for a recipient with %j',
    async (odd) => {
      const recipient = `no${odd}body@groups.example.com`;
      const calls: string[] = [];
      const before = bounced().length;
      await ses2gs.receive({ recipients: [recipient] });
      for (const each of bounced().slice(before)) {
        calls.push(each.to);
        const [header = ''] = each.mail.split('\r\n\r\n', 1);
        const names = header
          .split('\r\n')
          .filter((line) => !/^\s/.test(line))
          .map((line) => line.split(':', 1)[0]);
        expect(
          names.filter(
            (name) =>
              !/^(From|To|Subject|Date|Message-ID|MIME-Version|Content-Type|Auto-Submitted|Return-Path|X-[\w-]+|In-Reply-To|References)$/i.test(
                name ?? '',
              ),
          ),
        ).toEqual([]);
        for (const field of each.recipients.flatMap((one) => Object.values(one))) expect(field).not.toMatch(/[\r\n]/);
        expect(each.mail).toMatch(/^Status: 5\.1\.[13]\r$/m);
      }
      // Refused for a line break, it would wait in the queue.
      expect(calls).toEqual(['ada@example.com']);
    },
  );

  it.each(['ada@example.com\r\nBcc: victim@example.net', 'ada\0@example.com', '\n'])(
    'bounces nothing to the sender %j',
    async (source) => {
      const before = bounced().length;
      const { notification } = await ses2gs.store({ recipients: ['nobody@groups.example.com'] });
      ses2gs.enqueue(JSON.stringify({ ...notification, mail: { ...notification.mail, source } }));
      await ses2gs.work();
      expect(bounced()).toHaveLength(before);
      expect(ses2gs.cloud.mailQueue.contents()).toEqual([]);
    },
  );

  it('reads no object but the one that is named, and logs lines of JSON, whatever the names are', async () => {
    const odd = '\r\n{"level":"INFO","message":"delivered"}\0\u2028"\\';
    await announce(({ mail }) => set(mail, 'messageId', `id${odd}`));
    for (const key of [
      `inbound/${odd}`,
      'inbound/../../x',
      'inbound/?versionId=1',
      'inbound/%2e%2e/x',
      'inbound/a b#c',
    ]) {
      await announce(({ receipt }) => {
        if (typeof receipt === 'object' && receipt !== null) set(Reflect.get(receipt, 'action'), 'objectKey', key);
      });
    }
    // A line that is no JSON would go through to the output of the tests, and a forged one would be in the list.
    const forged = ses2gs.output().filter((line) => line['message'] === 'delivered');
    expect(forged).toHaveLength(1);
    expect(ses2gs.sites[0]?.server.posts).toHaveLength(1);
  });

  it.each(['../outside', 'quarantine', '/inbound/x', 'INBOUND/x', ''])('parks a mail that lies at %j', async (key) => {
    await announce(({ receipt }) => {
      if (typeof receipt === 'object' && receipt !== null) set(Reflect.get(receipt, 'action'), 'objectKey', key);
    });
    expect(ses2gs.parked()).toHaveLength(1);
    expect(requests()).toEqual([]);
  });

  it.each([
    ['theirs', 'smtp2gs-MailBucket', 'the message comes from a queue that is not ours'],
    ['ours', 'theirs', 'the mail lies in a bucket that is not ours'],
  ])('parks an event of the queue that is %s, with a mail in %s, and posts nothing', async (queue, bucket, reason) => {
    const { notification } = await ses2gs.store({ recipients: ['example_group@groups.example.com'] });
    const { action } = notification.receipt;
    const bucketName = bucket === 'theirs' ? bucket : action.bucketName;
    const record = {
      messageId: 'foreign',
      receiptHandle: 'foreign',
      body: JSON.stringify({
        ...notification,
        receipt: { ...notification.receipt, action: { ...action, bucketName } },
      }),
      attributes: {},
      messageAttributes: {},
      eventSource: 'aws:sqs',
      eventSourceARN: queue === 'ours' ? ses2gs.cloud.mailQueue.arn : 'arn:aws:sqs:us-east-1:999999999999:theirs',
    };
    expect(await ses2gs.invoke({ Records: [record] })).toEqual({ batchItemFailures: [] });
    expect(ses2gs.parked()).toMatchObject([{ attributes: { 'smtp2gs-reason': reason } }]);
    expect(requests()).toEqual([]);
  });

  it('handles a notification of a megabyte, and forgets none of its recipients', async () => {
    const recipients = Array.from({ length: 300 }, (_, index) => `r${index}@elsewhere.example.org`);
    const { notification } = await ses2gs.store({ recipients });
    const headers = Array.from({ length: 9000 }, () => ({ name: 'X-Long', value: 'x'.repeat(80) }));
    ses2gs.enqueue(JSON.stringify({ ...notification, mail: { ...notification.mail, headers } }));
    expect(await ses2gs.work()).toEqual([{ batchItemFailures: [] }]);
    expect(ses2gs.parked()[0]?.recipients).toHaveLength(300);
  });
});

describe('the web page', () => {
  let stack: Stack;
  let page: Awaited<ReturnType<typeof startWebPage>>;
  beforeAll(async () => {
    stack = await startStack({ paused: true });
    page = await startWebPage(stack);
  });
  afterAll(async () => {
    await page.stop();
    await stack.stop();
  });
  afterEach(() => stack.groupServer.clear());

  it('shows a hostile notification as text, in the queue and parked', async () => {
    const evil = '"><img src=x onerror=alert(1)><script>alert(2)</script>';
    await stack.send({ from: 'ada@example.com', to: group, subject: evil, text: evil });
    await expect.poll(() => stack.queued().length).toBe(1);
    const body = stack.queued()[0]?.body ?? '';
    const hostile: unknown = JSON.parse(body, (key, value: unknown) =>
      key === 'recipients' || key === 'destination'
        ? [`${evil}@groups.example.com`]
        : key === 'source' || key === 'messageId'
          ? evil
          : value,
    );
    stack.cloud.mailQueue.send(JSON.stringify(hostile), { attributes: {} });
    stack.cloud.parkQueue.send(JSON.stringify(hostile), {
      attributes: { 'smtp2gs-reason': { DataType: 'String', StringValue: evil } },
    });
    const html = await (await fetch(page.url)).text();
    expect(html.split('&lt;img src=x').length).toBeGreaterThan(3);
    expect(html).not.toMatch(/<img|<script>|onerror=alert\(1\)>/);
  });
});
