/**
 * The operator scripts on a running local stack, with the built Lambda: what they send, it delivers, once. `npm run build`
 * has to come first.
 */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Stack, startStack } from '../../infra/local/stack.ts';
import { environmentOf, ops, opsJson } from './ops-run.ts';

const [example = '', second = ''] = ['example_group', 'second_group'].map((id) => `${id}@groups.example.com`);
const hour = 3_600_000;
/** Milliseconds. */
const patience = 20_000;

let stack: Stack;
let env: Record<string, string>;
beforeEach(async () => {
  stack = await startStack({ bouncesPerSecond: 0 });
  env = environmentOf(stack.awsUrl);
});
afterEach(() => stack.stop());

const send = (to: string | string[], from = 'ada@example.com') =>
  stack.send({ from, to, subject: 'Tea', text: 'Tea?' });
const posted = () => stack.groupServer.posts.map(({ groupId }) => groupId).toSorted();
const expectNothingLeft = () =>
  expect({ queued: stack.queued(), parked: stack.parked() }).toEqual({ queued: [], parked: [] });

test('parked mail is shown with the reason of the function, and redriven once to those who lack it', async () => {
  // The first of the two is answered well, if oddly.
  stack.groupServer.faults.next({ kind: 'chunked' }, { page: 'add' });
  stack.groupServer.faults.always({ kind: 'status', status: 503 }, { page: 'add' });
  const messageId = await send([example, second]);
  await stack.settled();
  expect(posted()).toEqual(['example_group']);
  stack.turnClock(21 * hour);
  await stack.settled();
  const { document } = await opsJson('redrive', [], env);
  expect(document).toMatchObject({ found: 1, mails: [{ messageId, recipients: [second], sender: 'ada@example.com' }] });
  expect(JSON.stringify(document)).toMatch(/"reason":"4\.5\.0 .*HTTP 503/);

  stack.groupServer.faults.clear();
  expect((await ops('redrive', ['--yes'], env)).stdout).toContain('Back in the queue: 1 parked mail.');
  await stack.settled();
  expect(posted()).toEqual(['example_group', 'second_group']);
  expectNothingLeft();
});

test('quarantined mail is released once, past its verdicts', async () => {
  const messageId = await send(example, 'spam@example.com');
  await stack.settled();
  const { document } = await opsJson('release', [], env);
  expect(document).toMatchObject({
    found: [{ messageId, reason: 'spam', sender: 'spam@example.com', recipients: [example] }],
  });
  for (const _ of ['once', 'twice']) {
    expect(await opsJson('release', [messageId, '--yes'], env)).toMatchObject({
      exit: 0,
      document: { released: [messageId] },
    });
    await stack.settled();
  }
  expect(posted()).toEqual(['example_group']);
  expect(stack.groupServer.duplicates).toEqual([]);
  expectNothingLeft();
});

test('a lost notification is replayed once; the ledger is read as the function has written it, and passed over when told', async () => {
  stack.mapping.disable();
  const messageId = await send([example, second]);
  await vi.waitFor(() => expect(stack.cloud.mailQueue.contents()).toHaveLength(1), patience);
  stack.cloud.mailQueue.purge();
  stack.mapping.enable();
  expect(await opsJson('replay', ['--since', '1h', '--yes'], env)).toMatchObject({
    exit: 0,
    document: { replayed: 1 },
  });
  await stack.settled();
  expect(posted()).toEqual(['example_group']);

  expect(await opsJson('replay', ['--since', '1h'], env)).toMatchObject({
    document: { chosen: 0, mails: [{ leftOut: 'delivered' }] },
  });
  await ops('replay', [messageId, '--recipient', example, '--recipient', second, '--yes'], env);
  await stack.settled();
  expect(posted()).toEqual(['example_group', 'second_group']);
  expect(stack.groupServer.duplicates).toEqual([]);

  await ops('replay', [messageId, '--again', '--yes'], env);
  await stack.settled();
  expect(stack.groupServer.duplicates.map(({ groupId }) => groupId)).toEqual(['example_group']);
  expectNothingLeft();
});

test('pause keeps mail in the queue until resume', async () => {
  expect(await opsJson('pause', ['--yes'], env)).toMatchObject({ exit: 0, document: { state: 'Disabled' } });
  await send(example);
  await vi.waitFor(() => expect(stack.queued()).toMatchObject([{ state: 'ready', attempts: 0 }]), patience);
  expect(posted()).toEqual([]);
  expect(await opsJson('resume', ['--yes'], env)).toMatchObject({
    exit: 0,
    document: { state: 'Enabled', waiting: 1 },
  });
  await stack.settled();
  expect(posted()).toEqual(['example_group']);
});

test('without a rule set SES takes no mail in; activate makes it', async () => {
  stack.cloud.ses.rules.active = undefined;
  await expect(send(example)).rejects.toThrow(/550/);
  await ops('activate', ['--yes'], env);
  await send(example);
  await stack.settled();
  expect(posted()).toEqual(['example_group']);
});
