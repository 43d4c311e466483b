/**
 * From an SMTP client to the page of GroupServer, through the built Lambda: what arrives, once, whatever happens on the
 * way.
 */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { names } from '../../infra/local/cloud.ts';
import {
  counted,
  example,
  expectNothingLeft,
  groups,
  hour,
  mail,
  minute,
  posted,
  second,
  start,
  tryAgain,
  until,
} from './running-stack.ts';

describe('a mail', () => {
  it('arrives at the group with X-Original-To in front of the bytes that SES stored', async () => {
    const stack = await start();
    const id = await stack.send(mail(example));
    await stack.settled();
    const [post] = stack.groupServer.posts;
    const stored = stack.cloud.s3.get(names.bucket, `inbound/${id}`);
    expect(posted(stack)).toEqual(['example_group']);
    expect((await post?.message.bytes())?.subarray(0, `X-Original-To: ${example}\r\n`.length).toString()).toBe(
      `X-Original-To: ${example}\r\n`,
    );
    expect(post?.message.size).toBe((stored?.size ?? 0) + `X-Original-To: ${example}\r\n`.length);
    expectNothingLeft(stack);
    expect(counted(stack, 'Delivered')).toBe(1);
  });

  it('to a member is relayed, to an XVERP address recorded as a bounce', async () => {
    const stack = await start();
    await stack.send(mail('p-ada@groups.example.com'));
    await stack.send(
      mail('example_group+ada=example.com@groups.example.com', {
        envelope: { from: '', to: 'example_group+ada=example.com@groups.example.com' },
      }),
    );
    await stack.settled();
    expect(stack.groupServer.relayed).toHaveLength(1);
    expect(stack.groupServer.bounces).toMatchObject([{ userEmail: 'ada@example.com', groupEmail: example }]);
    expectNothingLeft(stack);
  });

  it('to three groups of which one fails for a while is posted to two once, and to the third later, once', async () => {
    const stack = await start();
    stack.groupServer.faults.next({ kind: 'status', status: 503 }, { page: 'add' });
    await stack.send(mail(groups));
    await stack.settled();
    expect(posted(stack)).toHaveLength(2);
    expect(stack.queued()).toMatchObject([{ state: 'waiting', attempts: 1 }]);
    await tryAgain(stack);
    expect(posted(stack)).toEqual(['example_group', 'second_group', 'third_group']);
    expect(stack.groupServer.duplicates).toEqual([]);
    expectNothingLeft(stack);
  });

  it('goes to the site of its domain, each with its own token', async () => {
    const stack = await start({
      sites: [{}, { domains: ['lists.example.org'], instance: 'other', token: 'anotherTokenValue' }],
    });
    await stack.send(mail([example, 'second_group@lists.example.org']));
    await stack.settled();
    expect(stack.sites.map(({ server }) => server.posts.map(({ groupId }) => groupId))).toEqual([
      ['example_group'],
      ['second_group'],
    ]);
    expectNothingLeft(stack);
  });

  it.each([1, 40])('of %i MB arrives byte for byte, under the memory limit of the function', async (megabytes) => {
    const stack = await start({ memoryMiB: 512 });
    const line = `${'0123456789'.repeat(7)}\r\n`;
    const raw = `From: ada@example.com\r\nSubject: large\r\n\r\n${line.repeat(Math.floor((megabytes * 1e6 - 4000) / line.length))}`;
    const id = await stack.send({ envelope: { from: 'ada@example.com', to: example }, raw });
    await stack.settled();
    const [post] = stack.groupServer.posts;
    const arrived = (await post?.message.bytes()) ?? Buffer.alloc(0);
    const sent = arrived.subarray(-raw.length);
    expect(createHash('sha256').update(sent).digest('hex')).toBe(createHash('sha256').update(raw).digest('hex'));
    expect(post?.message.size).toBe(
      (stack.cloud.s3.get(names.bucket, `inbound/${id}`)?.size ?? 0) + `X-Original-To: ${example}\r\n`.length,
    );
    expect(Math.max(...stack.lambda.reports().map(({ maxMemoryMiB }) => maxMemoryMiB))).toBeLessThan(400);
    expectNothingLeft(stack);
  });
});

describe('a notification that comes twice', () => {
  const announceAgain = async (stack: Awaited<ReturnType<typeof start>>, times: number) => {
    const { SendMessageCommand } = await import('@aws-sdk/client-sqs');
    const [copy] = stack.queued();
    for (let time = 0; time < times; time += 1) {
      await stack.cloud.clients.sqs.send(
        new SendMessageCommand({
          QueueUrl: stack.cloud.queueUrl(stack.cloud.mailQueue),
          MessageBody: copy?.body ?? '',
        }),
      );
    }
  };

  it('posts once, when the second comes later', async () => {
    const stack = await start({ paused: true, maximumConcurrency: 2 });
    await stack.send(mail(groups));
    await until(() => stack.queued().length === 1);
    await announceAgain(stack, 1);
    stack.mapping.enable();
    await stack.settled();
    while (stack.queued().length > 0) await tryAgain(stack);
    expect(posted(stack)).toEqual(['example_group', 'second_group', 'third_group']);
    expect(stack.groupServer.requests.filter(({ path }) => path.includes('add-email'))).toHaveLength(3);
  });

  it('posts once, when several workers have it at the same moment', async () => {
    const stack = await start({ paused: true, maximumConcurrency: 4 });
    stack.groupServer.faults.always({ kind: 'delay', milliseconds: 400 }, { page: 'add' });
    await stack.send(mail(example));
    await until(() => stack.queued().length === 1);
    await announceAgain(stack, 3);
    stack.mapping.enable();
    await stack.settled();
    while (stack.queued().length > 0) await tryAgain(stack);
    expect(stack.groupServer.requests.filter(({ path }) => path.includes('add-email'))).toHaveLength(1);
    expect(posted(stack)).toEqual(['example_group']);
  });
});

describe('a Lambda that is killed in the middle of a post', () => {
  it('posts the mail when the time-out is over, under the same idempotency key', async () => {
    const stack = await start();
    stack.groupServer.faults.next({ kind: 'delay', milliseconds: 1500 }, { page: 'add' });
    await stack.send(mail([example, second]));
    await until(() => stack.groupServer.requests.some(({ path }) => path.includes('add-email')));
    stack.killLambda();
    await until(() => posted(stack).length === 1);
    await stack.settled();
    while (stack.queued().length > 0) await tryAgain(stack);
    expect(posted(stack)).toEqual(['example_group', 'second_group']);
    const keys = [...stack.groupServer.posts, ...stack.groupServer.duplicates]
      .filter(({ groupId }) => groupId === 'example_group')
      .map(({ idempotencyKey }) => idempotencyKey);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
    expectNothingLeft(stack);
  });
});

describe('a GroupServer that is down', () => {
  it('is asked again on schedule, and gets the mail when it is back', async () => {
    const stack = await start();
    await stack.groupServer.offline();
    const sentAt = stack.clock.now();
    await stack.send(mail(example));
    await stack.settled();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 9; attempt += 1) {
      const [queued] = stack.queued();
      waits.push(((queued?.nextAt ?? 0) - stack.clock.now()) / minute);
      await tryAgain(stack);
    }
    const schedule = [1, 2, 5, 10, 20, 30, 60, 60, 60];
    expect(
      waits.map((wait, index) => wait / (schedule[index] ?? 1)).filter((ratio) => ratio < 0.79 || ratio > 1.21),
    ).toEqual([]);
    expect(stack.clock.now() - sentAt).toBeGreaterThan(3 * hour);
    await stack.groupServer.online();
    await tryAgain(stack);
    expect(posted(stack)).toEqual(['example_group']);
    expect(stack.bounces()).toEqual([]);
    expectNothingLeft(stack);
  });

  it('that asks for more time with Retry-After gets it', async () => {
    const stack = await start();
    stack.groupServer.faults.next(
      { kind: 'status', status: 503, headers: { 'retry-after': '1800' } },
      { page: 'look-up' },
    );
    await stack.send(mail(example));
    await stack.settled();
    const wait = ((stack.queued()[0]?.nextAt ?? 0) - stack.clock.now()) / minute;
    expect(wait).toBeGreaterThan(29);
    await tryAgain(stack);
    expect(posted(stack)).toEqual(['example_group']);
  });
});

describe('a wrong token', () => {
  it('bounces nothing, raises the alarm, and is mended without a restart', async () => {
    const stack = await start();
    stack.groupServer.token = 'aNewTokenValue';
    await stack.send(mail([example, second]));
    await stack.settled();
    expect(posted(stack)).toEqual([]);
    expect(stack.bounces()).toEqual([]);
    expect(counted(stack, 'ConfigurationError')).toBeGreaterThan(0);
    const environments = stack.lambda.environments().map(({ pid }) => pid);
    stack.setConfig('[config-default]\nwebservice = default\n[webservice-default]\ntoken = aNewTokenValue\n');
    await tryAgain(stack);
    expect(posted(stack)).toEqual(['example_group', 'second_group']);
    expect(stack.lambda.environments().map(({ pid }) => pid)).toEqual(environments);
    expectNothingLeft(stack);
    expect(
      stack.log
        .lines()
        .map(({ text }) => text)
        .join('\n'),
    ).not.toMatch(/TokenValue|theValueOfTheToken/);
  });
});
