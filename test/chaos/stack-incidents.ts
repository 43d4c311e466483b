/**
 * What may happen to the serverless door beside GroupServer: its function is killed, its poller pauses, notifications
 * come twice and out of order, AWS's services refuse and lose answers, and the clock runs ahead.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Fault, ServiceName } from '../../infra/local/aws/faults.ts';
import type { Stack } from '../../infra/local/stack.ts';
import type { IncidentKind } from './incident.ts';
import { inTheMiddleOfAPost } from './middle-of-post.ts';
import type { Random } from './random.ts';
import { isSoon } from './soon.ts';

const minute = 60_000;
const hour = 60 * minute;

/** What the incidents have done that explains something later; by SES's id of the mail. */
export interface StackTrouble {
  /** How often the function was killed while it had the mail. */
  readonly killed: Map<string, number>;
  readonly announcedAgain: Set<string>;
  readonly wentOffline: number[];
}

const throughput = { code: 'ProvisionedThroughputExceededException', status: 400 };

/** What AWS's services do, by the name of the incident. */
const awsFaults: Readonly<Record<string, readonly [ServiceName, Fault][]>> = {
  'S3 answers 404': [['s3', { operation: 'GetObject', code: 'NoSuchKey', status: 404 }]],
  'S3 answers 503': [
    ['s3', { operation: 'GetObject', code: 'SlowDown', status: 503 }],
    ['s3', { operation: 'PutObject', code: 'SlowDown', status: 503 }],
    ['s3', { operation: 'CopyObject', code: 'InternalError', status: 500 }],
  ],
  'S3 cuts an object short': [['s3', { operation: 'GetObject', cutAfter: 1000 }]],
  'DynamoDB throttles': [
    ['dynamodb', { ...throughput }],
    ['dynamodb', { operation: 'PutItem', ...throughput }],
    ['dynamodb', { operation: 'UpdateItem', ...throughput }],
    ['dynamodb', { operation: 'DeleteItem', ...throughput }],
  ],
  'DynamoDB loses its answer': [
    ['dynamodb', { operation: 'PutItem', cutAfter: 0 }],
    ['dynamodb', { operation: 'UpdateItem', cutAfter: 0 }],
  ],
  'SES throttles': [['ses', { operation: 'SendBounce', code: 'Throttling' }]],
  'SQS is unavailable': [
    ['sqs', { code: 'ServiceUnavailable', status: 503 }],
    ['sqs', { operation: 'ChangeMessageVisibility', code: 'ServiceUnavailable', status: 503 }],
    ['sqs', { operation: 'DeleteMessageBatch', code: 'ServiceUnavailable', status: 503 }],
  ],
  'SQS loses its answer': [
    ['sqs', { operation: 'ReceiveMessage', cutAfter: 0 }],
    ['sqs', { operation: 'SendMessage', cutAfter: 0 }],
  ],
  'SNS is unavailable': [['sns', { code: 'InternalError', status: 500 }]],
  'SSM throttles': [['ssm', { code: 'ThrottlingException', status: 400 }]],
};

/** Makes the incidents of a stack. */
export function stackIncidents(stack: Stack, trouble: StackTrouble): IncidentKind[] {
  const { groupServer, mapping, cloud } = stack;
  /** Notifications that were seen in the queue. */
  const seen = new Map<string, string>();

  const kill = (random: Random) => {
    const underWay = stack.mapping.underWay();
    for (const { id, messageId } of stack.queued())
      if (messageId !== undefined && underWay.has(id))
        trouble.killed.set(messageId, (trouble.killed.get(messageId) ?? 0) + 1);
    const [first, ...rest] = stack.lambda.environments().filter(({ busy }) => busy);
    if (!first || random.chance(0.3)) stack.killLambda();
    else process.kill(random.pick([first, ...rest]).pid, 'SIGKILL');
    return undefined;
  };

  /** Turns the clock while nothing is in flight: a jump under a running delivery is none that AWS's clocks make. */
  const turnAtRest = async (ms: number) => {
    mapping.disable();
    const isAtRest = await isSoon(() => mapping.underWay().size === 0 && stack.ingress.waiting() === 0, 15_000);
    if (isAtRest) stack.turnClock(ms);
    mapping.enable();
    return isAtRest;
  };
  const isIdle = () => stack.queued().every(({ state }) => state === 'waiting');

  const incidents: IncidentKind[] = [
    {
      name: 'the function is killed in the middle of a POST',
      weight: 8,
      isEarly: true,
      run: async (random) => {
        await inTheMiddleOfAPost(groupServer, random);
        return kill(random);
      },
    },
    {
      name: 'the function is killed',
      weight: 5,
      isEarly: true,
      run: async (random) => {
        await isSoon(() => mapping.underWay().size > 0, 2000);
        await sleep(random.integer(0, 60));
        return kill(random);
      },
    },
    {
      name: 'the poller pauses',
      weight: 4,
      run: async (random) => {
        mapping.disable();
        await sleep(random.integer(200, 2000));
        mapping.enable();
        return undefined;
      },
    },
    {
      name: 'notifications come twice',
      weight: 14,
      run: async (random) => {
        for (const { messageId, body } of stack.queued()) if (messageId !== undefined) seen.set(messageId, body);
        const [first, ...rest] = seen;
        if (!first) return undefined;
        for (let left = random.integer(1, 6); left > 0; left -= 1) {
          const [messageId, body] = random.pick([first, ...rest]);
          trouble.announcedAgain.add(messageId);
          const again = new SendMessageCommand({
            QueueUrl: cloud.queueUrl(cloud.mailQueue),
            MessageBody: body,
            DelaySeconds: random.chance(0.5) ? 0 : random.integer(1, 900),
          });
          // SQS may be in trouble, too: then this one does not come.
          await cloud.clients.sqs.send(again).catch(() => undefined);
        }
        return undefined;
      },
    },
    {
      name: 'notifications come out of order',
      weight: 6,
      run: async () => {
        mapping.disable();
        await sleep(300);
        for (const message of cloud.mailQueue.takeVisible(1000).toReversed()) cloud.mailQueue.accept(message);
        mapping.enable();
        return undefined;
      },
    },
    {
      name: 'the clock is turned a little while mail is in flight',
      weight: 20,
      run: (random) => {
        stack.turnClock(random.integer(100, 3000));
        return undefined;
      },
    },
    {
      name: 'the clock jumps',
      weight: 30,
      run: async (random) => {
        await turnAtRest(
          random.weighted([
            [random.integer(1, 25) * minute, 20],
            [random.integer(1, 4) * hour, 2],
          ]),
        );
        return undefined;
      },
    },
    {
      name: 'GroupServer is down until mail is too old',
      weight: 1,
      run: async () => {
        await groupServer.offline();
        trouble.wentOffline.push(Date.now());
        for (let left = 2; left > 0; left -= 1) {
          await turnAtRest(10.5 * hour);
          await isSoon(isIdle, 5000);
        }
        await groupServer.online();
        return undefined;
      },
    },
  ];
  const aws = Object.entries(awsFaults).map(
    ([name, faults]): IncidentKind => ({
      name,
      weight: 5,
      run: (random) => {
        const [first = ['s3', {}], ...rest] = faults;
        const [service, fault] = random.pick([first, ...rest]);
        stack.faults.next(service, fault, random.integer(1, 5));
        return undefined;
      },
    }),
  );
  return [...incidents, ...aws];
}
