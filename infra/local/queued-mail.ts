/** What stands in a queue, in the words of mail: which mail for whom, how often it was tried, and when it is next. */
import { field, text, texts } from './aws/input.ts';
import type { Queue, QueuedMessage } from './aws/sqs-queue.ts';

export interface QueuedMail {
  /** SQS's id. */
  id: string;
  /** SES's id; undefined when the body is no notification. */
  messageId: string | undefined;
  source: string;
  recipients: string[];
  subject: string;
  /** Ready to be received, being worked on, or waiting for its next attempt. */
  state: 'ready' | 'in flight' | 'waiting';
  /** How often it was received. */
  attempts: number;
  /** When it can be received again, in ms of the stack's clock. */
  nextAt: number;
  sentAt: number;
  /** Its message attributes, for example the reason for which it was parked. */
  attributes: Record<string, string>;
  body: string;
}

type State = QueuedMail['state'];

/** From a receive until the receiver can be seen at work, at most; in ms. */
const handover = 500;

/** How a message stands; `underWay` has the ids of those that the function is working on. */
export function stateOf(
  { id, visibleAt, lastReceivedAt = 0 }: QueuedMessage,
  queue: Queue,
  now: number,
  underWay: ReadonlySet<string | undefined>,
): State {
  if (visibleAt <= now) return 'ready';
  // A message that was handed out just now is on its way to the function, though nobody can say so yet.
  const visibility = Number(queue.attributes.VisibilityTimeout) * 1000;
  const handedOut = lastReceivedAt > now - handover && visibleAt === lastReceivedAt + visibility;
  return underWay.has(id) || handedOut ? 'in flight' : 'waiting';
}

/** The queue's messages, oldest first. */
export function queuedMail(queue: Queue, now: number, underWay: ReadonlySet<string | undefined>): QueuedMail[] {
  return queue.contents().map((message) => {
    const { id, body, visibleAt, sentAt, receives, attributes } = message;
    const notification = parse(body);
    const mail = field(notification, 'mail');
    const strings = Object.entries(attributes).map(
      ([name, value]) => [name, text(value, 'StringValue') ?? ''] as const,
    );
    return {
      id,
      messageId: text(mail, 'messageId'),
      source: text(mail, 'source') ?? '',
      recipients: texts(field(notification, 'receipt'), 'recipients'),
      subject: text(field(mail, 'commonHeaders'), 'subject') ?? '',
      state: stateOf(message, queue, now, underWay),
      attempts: receives,
      nextAt: visibleAt,
      sentAt,
      attributes: Object.fromEntries(strings),
      body,
    };
  });
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
