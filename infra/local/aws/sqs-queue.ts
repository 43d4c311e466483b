/**
 * One SQS standard queue: visibility, delay, receive counts, retention and the redrive policy, on the stack's clock.
 * Every message is also a small file, so that a kept stack (or one that was killed) goes on where it stopped.
 * Knows no wire protocol and no other queue but its dead-letter queue.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { AwsError } from './aws-error.ts';
import { openFileStore } from './file-store.ts';
import { createLongPolls } from './sqs-long-polls.ts';
import { redrivePolicy } from './sqs-redrive-policy.ts';

/** A message attribute as it stands on the wire. */
export type MessageAttributes = Record<string, unknown>;

/** A message and where it stands; times are the stack's, in ms since 1970. */
export interface QueuedMessage {
  id: string;
  body: string;
  attributes: MessageAttributes;
  sentAt: number;
  /** Not handed out before this time: delayed, in flight or waiting for its next attempt. */
  visibleAt: number;
  receives: number;
  firstReceivedAt?: number;
  lastReceivedAt?: number;
  /** The receipt handle of the last receive. */
  handle?: string;
  /** The queue that gave it up into this one. */
  deadLetterSource?: string;
}

export interface Queue {
  readonly name: string;
  readonly arn: string;
  /** The queue's attributes, as strings, by their AWS names. */
  readonly attributes: Record<string, string>;
  setAttributes(attributes: Record<string, string>): void;
  send(body: string, options?: { attributes?: MessageAttributes; delaySeconds?: number }): QueuedMessage;
  /** Takes a message over from another queue as it is; its age goes on. */
  accept(message: QueuedMessage): void;
  receive(options: {
    max?: number;
    waitSeconds?: number;
    visibilitySeconds?: number;
    signal?: AbortSignal;
  }): Promise<QueuedMessage[]>;
  /** Deletes the message of that handle; a handle that is not the newest one deletes nothing. */
  delete(handle: string): void;
  changeVisibility(handle: string, seconds: number): void;
  /** Removes and returns what can be received now; used by message move tasks. */
  takeVisible(max: number): QueuedMessage[];
  purge(): void;
  /** All messages, oldest first. */
  contents(): readonly QueuedMessage[];
}

const defaults = {
  VisibilityTimeout: '30',
  MessageRetentionPeriod: '345600',
  DelaySeconds: '0',
  ReceiveMessageWaitTimeSeconds: '0',
};

/** The longest that a message may stay invisible after a receive, in seconds. */
const maximumVisibility = 43_200;

/** Opens a queue on its folder. `deadLetterQueue` finds a queue by its ARN. */
export function openQueue(options: {
  name: string;
  arn: string;
  clock: Clock;
  folder: string;
  deadLetterQueue: (arn: string) => Queue | undefined;
}): Queue {
  const { name, arn, clock } = options;
  const attributes: Record<string, string> = { ...defaults };
  const store = openFileStore<QueuedMessage>(options.folder);
  const messages = new Map<string, QueuedMessage>(
    store
      .all()
      .toSorted((a, b) => a.sentAt - b.sentAt)
      .map((message) => [message.id, message]),
  );

  const save = (message: QueuedMessage) => {
    messages.set(message.id, message);
    store.put(message.id, message);
  };
  const put = (message: QueuedMessage) => {
    save(message);
    polls.look();
  };
  const drop = (id: string) => {
    messages.delete(id);
    store.remove(id);
  };

  function expire(): void {
    const oldest = clock.now() - Number(attributes.MessageRetentionPeriod) * 1000;
    for (const message of messages.values()) if (message.sentAt < oldest) drop(message.id);
  }

  /** Moves a message that was received too often, as SQS does at the next receive. */
  function giveUp(message: QueuedMessage): boolean {
    const policy = redrivePolicy(attributes);
    const target = policy && message.receives >= policy.maxReceiveCount && options.deadLetterQueue(policy.target);
    if (!target) return false;
    drop(message.id);
    const { handle: _, ...rest } = message;
    target.accept({ ...rest, visibleAt: clock.now(), deadLetterSource: arn });
    return true;
  }

  function receiveNow(max: number, visibilitySeconds: number): QueuedMessage[] {
    expire();
    const received: QueuedMessage[] = [];
    for (const message of messages.values()) {
      if (received.length === max) break;
      const now = clock.now();
      if (message.visibleAt > now || giveUp(message)) continue;
      const handle = Buffer.from(`${message.id} ${randomUUID()}`).toString('base64');
      const first = message.firstReceivedAt ?? now;
      const visibleAt = now + visibilitySeconds * 1000;
      const next = { ...message, receives: message.receives + 1, firstReceivedAt: first, lastReceivedAt: now };
      save({ ...next, visibleAt, handle });
      received.push({ ...next, visibleAt, handle });
    }
    return received;
  }

  /** The message of a handle, or undefined when a newer receive has made the handle worthless. */
  function byHandle(handle: string): QueuedMessage | undefined {
    const [id = '', serial] = Buffer.from(handle, 'base64').toString().split(' ');
    if (!serial)
      throw new AwsError('ReceiptHandleIsInvalid', `The input receipt handle "${handle}" is not valid.`, 404);
    const message = messages.get(id);
    return message?.handle === handle ? message : undefined;
  }

  const polls = createLongPolls(clock, () => [...messages.values()].map((message) => message.visibleAt));

  return {
    name,
    arn,
    attributes,
    setAttributes: (changes) => void Object.assign(attributes, changes),
    send: (body, { attributes: messageAttributes = {}, delaySeconds } = {}) => {
      const now = clock.now();
      const visibleAt = now + (delaySeconds ?? Number(attributes.DelaySeconds)) * 1000;
      const message = { id: randomUUID(), body, attributes: messageAttributes, sentAt: now, visibleAt, receives: 0 };
      put(message);
      return message;
    },
    accept: put,
    receive: async ({ max = 1, waitSeconds, visibilitySeconds, signal }) => {
      const visibility = visibilitySeconds ?? Number(attributes.VisibilityTimeout);
      const wait = waitSeconds ?? Number(attributes.ReceiveMessageWaitTimeSeconds);
      return await polls.wait(() => receiveNow(max, visibility), wait, signal);
    },
    delete: (handle) => {
      const message = byHandle(handle);
      if (message) drop(message.id);
    },
    changeVisibility: (handle, seconds) => {
      const message = byHandle(handle);
      const now = clock.now();
      if (!message || message.visibleAt <= now) {
        const reason = 'Message does not exist or is not available for visibility timeout change.';
        throw new AwsError(
          'InvalidParameterValue',
          `Value ${handle} for parameter ReceiptHandle is invalid. Reason: ${reason}`,
        );
      }
      const held = (now - (message.lastReceivedAt ?? now)) / 1000;
      if (seconds < 0 || held + seconds > maximumVisibility)
        throw new AwsError(
          'InvalidParameterValue',
          'Total VisibilityTimeout for the message is beyond the limit [43200 seconds].',
        );
      put({ ...message, visibleAt: now + seconds * 1000 });
    },
    takeVisible: (max) => {
      expire();
      const taken = [...messages.values()].filter((message) => message.visibleAt <= clock.now()).slice(0, max);
      for (const message of taken) drop(message.id);
      return taken;
    },
    purge: () => [...messages.keys()].forEach(drop),
    contents: () => {
      expire();
      return [...messages.values()];
    },
  };
}
