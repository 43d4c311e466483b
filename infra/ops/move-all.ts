/**
 * Has SQS move all messages of the ParkQueue into the MailQueue, by a message move task, and follows it to its end. A
 * task that is already running is followed instead. Each moved message is a new one, with its attributes and a new age.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import {
  CancelMessageMoveTaskCommand,
  ListMessageMoveTasksCommand,
  type SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import type { Context } from './command.ts';
import { counted } from './counted.ts';
import { Failure } from './failure.ts';

/** Milliseconds. */
const interval = 1000;

/** Gives how many were moved when the task has ended; the signal ends a task that was started here. */
export async function moveAll(
  sqs: SQSClient,
  { stack, out, signal }: Pick<Context, 'stack' | 'out' | 'signal'>,
): Promise<number> {
  const SourceArn = stack.output('ParkQueueArn');
  const latest = async () =>
    (await sqs.send(new ListMessageMoveTasksCommand({ SourceArn, MaxResults: 1 }))).Results?.[0];
  const start = async () => {
    // Named, since SQS does not know where a message came from that the function has parked.
    const request = new StartMessageMoveTaskCommand({ SourceArn, DestinationArn: stack.output('MailQueueArn') });
    return (await sqs.send(request)).TaskHandle;
  };
  const earlier = await latest();
  const isRunning = earlier?.Status === 'RUNNING';
  if (isRunning) out.line('A move is running already; this follows it.');
  const TaskHandle = isRunning ? undefined : await start();
  for (;;) {
    const found = await latest();
    // SQS may take a moment to list a new task; until then it shows the one before.
    const task = isRunning || found?.StartedTimestamp !== earlier?.StartedTimestamp ? found : undefined;
    const moved = task?.ApproximateNumberOfMessagesMoved ?? 0;
    const status = task?.Status;
    if (status === 'COMPLETED') return moved;
    if (status === 'FAILED' || status === 'CANCELLED') {
      const why = task?.FailureReason ?? 'no reason given';
      throw new Failure(
        `The move has ${status.toLowerCase()} after ${counted(moved, 'mail')}: ${why}. The others are still parked.`,
      );
    }
    out.progress(`${moved} of ${task?.ApproximateNumberOfMessagesToMove ?? '?'} mails moved`);
    await sleep(interval, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) continue;
    if (TaskHandle !== undefined) await sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle }));
    return moved;
  }
}
