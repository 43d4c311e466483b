/**
 * The SQS service: the operations over the queues, in the JSON protocol that every current SDK speaks.
 * Standard queues only. Errors carry AWS's codes.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { AwsError } from './aws-error.ts';
import { field, isRecord, list, number, requiredText, text, textMap, texts } from './input.ts';
import { createMessageMoves } from './sqs-message-move.ts';
import { currentAttributes, md5, onTheWire } from './sqs-on-the-wire.ts';
import { openQueue, type Queue } from './sqs-queue.ts';
import { type AwsService, type Call, jsonService } from './wire.ts';

export interface Sqs {
  service: AwsService;
  /** Makes the queue, or finds the one that a kept stack had, and sets its attributes. */
  createQueue(name: string, attributes?: Record<string, string>): Queue;
  /** The queue with that name or ARN, if there is one. */
  queue: (nameOrArn: string) => Queue | undefined;
}

/** What SQS takes neither in a body nor in an attribute. */
const forbidden = /[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/** A visibility or delay as AWS allows it, or undefined when the field is missing. */
function seconds(input: unknown, name: string, maximum: number): number | undefined {
  const value = number(input, name);
  if (value === undefined || (Number.isInteger(value) && value >= 0 && value <= maximum)) return value;
  const reason = `Reason: Must be between 0 and ${maximum}, if provided.`;
  throw new AwsError('InvalidParameterValue', `Value ${value} for parameter ${name} is invalid. ${reason}`);
}

/** Starts the service over the queues in `folder`; ARNs are made from region and account. */
export function createSqs(options: { clock: Clock; folder: string; region: string; account: string }): Sqs {
  const { clock, folder } = options;
  const queues = new Map<string, Queue>();
  const byName = (nameOrArn: string) => queues.get(nameOrArn.slice(nameOrArn.lastIndexOf(':') + 1));
  const moves = createMessageMoves({ queues, queue: byName, clock });

  const open = (name: string) => {
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(name))
      throw new AwsError('InvalidParameterValue', 'Can only include alphanumeric characters, hyphens, or underscores.');
    const arn = `arn:aws:sqs:${options.region}:${options.account}:${name}`;
    const queue = openQueue({ name, arn, clock, folder: join(folder, name), deadLetterQueue: byName });
    queues.set(name, queue);
    return queue;
  };
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) open(name);

  const createQueue = (name: string, attributes: Record<string, string> = {}) => {
    const queue = byName(name) ?? open(name);
    queue.setAttributes(attributes);
    return queue;
  };
  const urlOf = (name: string, { request }: Call) => `http://${request.headers.host}/${options.account}/${name}`;

  /** The queue that a call names by its URL; only the last part of the URL counts. */
  function named(input: unknown): Queue {
    const queue = queues.get(requiredText(input, 'QueueUrl').split('/').at(-1) ?? '');
    if (!queue) throw new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
    return queue;
  }

  function send(queue: Queue, entry: unknown) {
    const body = requiredText(entry, 'MessageBody');
    const given = field(entry, 'MessageAttributes');
    const attributes = isRecord(given) ? given : {};
    const values = Object.values(attributes).map((value) => text(value, 'StringValue'));
    if ([body, ...values].some((value) => value !== undefined && forbidden.test(value)))
      throw new AwsError('InvalidMessageContents', 'The message contains characters outside the allowed set.');
    if (values.includes(''))
      throw new AwsError('InvalidParameterValue', 'A message attribute must contain a non-empty value.');
    if (body.length === 0)
      throw new AwsError('MissingParameter', 'The request must contain the parameter MessageBody.');
    if (Buffer.byteLength(body) > 1_048_576)
      throw new AwsError(
        'InvalidParameterValue',
        'One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.',
      );
    const delaySeconds = seconds(entry, 'DelaySeconds', 900);
    const message = queue.send(body, {
      attributes,
      ...(delaySeconds === undefined ? {} : { delaySeconds }),
    });
    return { MessageId: message.id, MD5OfMessageBody: md5(body) };
  }

  const remove = (queue: Queue, entry: unknown) => {
    queue.delete(requiredText(entry, 'ReceiptHandle'));
    return {};
  };
  const changeVisibility = (queue: Queue, entry: unknown) => {
    const timeout = seconds(entry, 'VisibilityTimeout', 43_200);
    if (timeout === undefined) throw new AwsError('MissingParameter', 'VisibilityTimeout is missing.');
    queue.changeVisibility(requiredText(entry, 'ReceiptHandle'), timeout);
    return {};
  };

  /** Does one thing for each entry of a batch; an entry that fails does not hold up the others. */
  function batch(input: unknown, action: (queue: Queue, entry: unknown) => object | undefined): object {
    const queue = named(input);
    const entries = list(input, 'Entries');
    if (entries.length < 1 || entries.length > 10)
      throw new AwsError('TooManyEntriesInBatchRequest', 'Between 1 and 10 entries are allowed in a batch.');
    const Successful: object[] = [];
    const Failed: object[] = [];
    for (const entry of entries) {
      const Id = requiredText(entry, 'Id');
      try {
        Successful.push({ Id, ...action(queue, entry) });
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        Failed.push({ Id, Code: error.code, Message: error.message, SenderFault: true });
      }
    }
    return { Successful, Failed };
  }

  const service = jsonService('1.0', {
    CreateQueue: (input, call) => {
      const { name } = createQueue(requiredText(input, 'QueueName'), textMap(input, 'Attributes'));
      return { QueueUrl: urlOf(name, call) };
    },
    GetQueueUrl: (input, call) => {
      const name = requiredText(input, 'QueueName');
      return { QueueUrl: urlOf(named({ QueueUrl: name }).name, call) };
    },
    ListQueues: (input, call) => {
      const names = [...queues.keys()].filter((name) => name.startsWith(text(input, 'QueueNamePrefix') ?? ''));
      return { QueueUrls: names.map((name) => urlOf(name, call)) };
    },
    GetQueueAttributes: (input) => {
      const all = currentAttributes(named(input), clock.now());
      const wanted = texts(input, 'AttributeNames');
      const chosen = Object.entries(all).filter(([name]) => wanted.includes('All') || wanted.includes(name));
      return { Attributes: Object.fromEntries(chosen) };
    },
    SetQueueAttributes: (input) => {
      named(input).setAttributes(textMap(input, 'Attributes'));
      return {};
    },
    SendMessage: (input) => send(named(input), input),
    SendMessageBatch: (input) => batch(input, send),
    ReceiveMessage: async (input, { response }) => {
      const queue = named(input);
      const gone = new AbortController();
      response.once('close', () => gone.abort());
      const waitSeconds = seconds(input, 'WaitTimeSeconds', 20);
      const visibilitySeconds = seconds(input, 'VisibilityTimeout', 43_200);
      const received = await queue.receive({
        max: Math.min(Math.max(number(input, 'MaxNumberOfMessages') ?? 1, 1), 10),
        ...(waitSeconds === undefined ? {} : { waitSeconds }),
        ...(visibilitySeconds === undefined ? {} : { visibilitySeconds }),
        // A client that has gone away must not be handed a message, or the message would hide for nothing.
        signal: gone.signal,
      });
      return { Messages: received.map((message) => onTheWire(message, input)) };
    },
    DeleteMessage: (input) => remove(named(input), input),
    DeleteMessageBatch: (input) => batch(input, remove),
    ChangeMessageVisibility: (input) => changeVisibility(named(input), input),
    ChangeMessageVisibilityBatch: (input) => batch(input, changeVisibility),
    PurgeQueue: (input) => {
      named(input).purge();
      return {};
    },
    ...moves.operations,
  });
  return { service, createQueue, queue: byName };
}
