/**
 * SQS message move tasks (redrive): messages go from a dead-letter queue back to where they came from, or to a queue
 * that the caller names. A moved message is a new message: new id, new age, no receives. A message that was put into
 * the dead-letter queue directly has no source, so without a destination the task fails, as on AWS.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { AwsError } from './aws-error.ts';
import { number, requiredText, text } from './input.ts';
import type { Queue } from './sqs-queue.ts';
import { redrivePolicy } from './sqs-redrive-policy.ts';

interface Task {
  TaskHandle: string;
  Status: 'RUNNING' | 'COMPLETED' | 'CANCELLING' | 'CANCELLED' | 'FAILED';
  SourceArn: string;
  DestinationArn?: string;
  MaxNumberOfMessagesPerSecond?: number;
  ApproximateNumberOfMessagesMoved: number;
  ApproximateNumberOfMessagesToMove: number;
  FailureReason?: string;
  StartedTimestamp: number;
}

type Operation = (input: unknown) => object;

/** The three operations for message move tasks over the given queues. */
export function createMessageMoves(options: {
  queues: ReadonlyMap<string, Queue>;
  queue: (arn: string) => Queue | undefined;
  clock: Clock;
}): { operations: Record<string, Operation> } {
  const { queues, clock } = options;
  const tasks: Task[] = [];

  const existing = (arn: string) => {
    const queue = options.queue(arn);
    if (!queue)
      throw new AwsError(
        'ResourceNotFoundException',
        `The resource that you specified for the ARN ${arn} doesn't exist.`,
        404,
      );
    return queue;
  };

  async function run(task: Task, source: Queue): Promise<void> {
    const perSecond = task.MaxNumberOfMessagesPerSecond;
    while (task.Status === 'RUNNING') {
      const taken = source.takeVisible(perSecond ?? 100);
      for (const message of taken) {
        const destination = options.queue(task.DestinationArn ?? message.deadLetterSource ?? '');
        if (!destination) {
          source.accept(message);
          task.Status = 'FAILED';
          task.FailureReason = 'CouldNotDetermineMessageSource';
          continue;
        }
        destination.send(message.body, { attributes: message.attributes });
        task.ApproximateNumberOfMessagesMoved += 1;
      }
      if (taken.length === 0) task.Status = 'COMPLETED';
      else await delay(perSecond ? 1000 : 0, undefined, { ref: false });
    }
    if (task.Status === 'CANCELLING') task.Status = 'CANCELLED';
  }

  const operations: Record<string, Operation> = {
    StartMessageMoveTask: (input) => {
      const SourceArn = requiredText(input, 'SourceArn');
      const source = existing(SourceArn);
      const sources = [...queues.values()].filter((queue) => redrivePolicy(queue.attributes)?.target === SourceArn);
      if (sources.length === 0)
        throw new AwsError('InvalidParameterValue', 'Source queue must be configured as a Dead Letter Queue.');
      if (tasks.some((task) => task.SourceArn === SourceArn && task.Status === 'RUNNING'))
        throw new AwsError(
          'UnsupportedOperation',
          'There is already a task running. Only one active task is allowed for a source queue arn at a given time.',
        );
      const DestinationArn = text(input, 'DestinationArn');
      if (DestinationArn !== undefined) existing(DestinationArn);
      const MaxNumberOfMessagesPerSecond = number(input, 'MaxNumberOfMessagesPerSecond');
      const task: Task = {
        TaskHandle: Buffer.from(JSON.stringify({ taskId: randomUUID(), sourceArn: SourceArn })).toString('base64'),
        Status: 'RUNNING',
        SourceArn,
        ...(DestinationArn !== undefined && { DestinationArn }),
        ...(MaxNumberOfMessagesPerSecond !== undefined && { MaxNumberOfMessagesPerSecond }),
        ApproximateNumberOfMessagesMoved: 0,
        ApproximateNumberOfMessagesToMove: source.contents().length,
        StartedTimestamp: clock.now(),
      };
      tasks.unshift(task);
      void run(task, source);
      return { TaskHandle: task.TaskHandle };
    },
    ListMessageMoveTasks: (input) => {
      const { arn } = existing(requiredText(input, 'SourceArn'));
      const found = tasks.filter((task) => task.SourceArn === arn).slice(0, number(input, 'MaxResults') ?? 1);
      // A task that has ended shows no handle: there is nothing left to cancel.
      return { Results: found.map((task) => (task.Status === 'RUNNING' ? task : { ...task, TaskHandle: undefined })) };
    },
    CancelMessageMoveTask: (input) => {
      const task = tasks.find(({ TaskHandle }) => TaskHandle === requiredText(input, 'TaskHandle'));
      if (task?.Status !== 'RUNNING') throw new AwsError('ResourceNotFoundException', 'The task does not run.', 404);
      task.Status = 'CANCELLING';
      return { ApproximateNumberOfMessagesMoved: task.ApproximateNumberOfMessagesMoved };
    },
  };
  return { operations };
}
