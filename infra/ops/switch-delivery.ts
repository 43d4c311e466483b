/**
 * What `pause` and `resume` share: the event source mapping between queue and function is switched, and it is waited for
 * until Lambda says that it is. Mail that comes in meanwhile stays in the queue.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetEventSourceMappingCommand,
  LambdaClient,
  ResourceInUseException,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import { clientConfig } from './aws-clients.ts';
import type { Context, Outcome } from './command.ts';
import { counted } from './counted.ts';
import { Failure } from './failure.ts';
import { queueDepth } from './queue-depth.ts';

/** Milliseconds. Lambda takes up to a minute. */
const patience = 300_000;
const interval = 1000;

/** Switches deliveries on or off. */
export async function switchDelivery(isOn: boolean, { stack, isMeant, out, signal }: Context): Promise<Outcome> {
  const lambda = new LambdaClient(clientConfig(stack.region));
  const UUID = stack.output('EventSourceMappingId');
  const wanted = isOn ? 'Enabled' : 'Disabled';
  const state = async () => (await lambda.send(new GetEventSourceMappingCommand({ UUID }))).State ?? 'unknown';
  const { visible, hidden } = await queueDepth(new SQSClient(clientConfig(stack.region)), stack.output('MailQueueUrl'));
  const waiting = visible + hidden;
  const before = await state();
  const result = { mapping: UUID, before, waiting };
  const deliveries = `Deliveries of ${stack.name}`;

  if (before === wanted) {
    out.marked(
      '✓',
      'green',
      `${deliveries} are ${isOn ? 'running' : 'paused'} already; about ${counted(waiting, 'mail')} in the queue.`,
    );
    return { isWell: true, result: { ...result, state: before, outcome: 'already' } };
  }
  if (!isMeant) {
    out.line(`${deliveries} would be ${isOn ? 'resumed' : 'paused'}; about ${counted(waiting, 'mail')} in the queue.`);
    out.line('Dry run: nothing was changed. Add --yes to do it.', 'bold');
    return { isWell: true, result: { ...result, state: before, outcome: isOn ? 'would-resume' : 'would-pause' } };
  }

  const deadline = performance.now() + patience;
  let isAsked = false;
  let now = before;
  while (!isAsked || now !== wanted) {
    if (performance.now() > deadline)
      throw new Failure(`After ${patience / 1000} s the event source mapping is still ${now}; look again later.`);
    isAsked ||= await ask(lambda, UUID, isOn);
    now = await state();
    if (isAsked && now === wanted) break;
    out.progress(`The event source mapping is ${now} …`);
    await sleep(interval, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return { isWell: false, result: { ...result, state: now, outcome: 'stopped' } };
  }
  out.marked(
    '✓',
    'green',
    `${deliveries} are ${isOn ? 'running' : 'paused'}; about ${counted(waiting, 'mail')} in the queue.`,
  );
  if (!isOn)
    out.line(
      '  Mail waits in the queue for 4 days at most; an alarm reminds you after an hour. Go on with npm run resume -- --yes',
    );
  return { isWell: true, result: { ...result, state: now, outcome: isOn ? 'resumed' : 'paused' } };
}

/** Asks Lambda to switch; false while it is busy with an earlier change. */
async function ask(lambda: LambdaClient, UUID: string, Enabled: boolean): Promise<boolean> {
  try {
    await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
    return true;
  } catch (error) {
    if (error instanceof ResourceInUseException) return false;
    throw error;
  }
}
