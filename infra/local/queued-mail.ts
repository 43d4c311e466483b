/** What stands in a queue, in the words of mail: which mail for whom, how often it was tried, and when it is next. */
import { field, text, texts } from './aws/input.ts';
import type { Queue } from './aws/sqs-queue.ts';

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

/** From a receive until the receiver can be seen at work, at most; in ms. */
const handover = 3000;

/** The queue's messages, oldest first; `underWay` has the ids of those that the function is working on. */
export function queuedMail(queue: Queue, now: number, underWay: ReadonlySet<string | undefined>): QueuedMail[] {
  const visibility = Number(queue.attributes.VisibilityTimeout) * 1000;
  return queue.contents().map(({ id, body, visibleAt, sentAt, receives, attributes, lastReceivedAt = 0 }) => {
    const notification = parse(body);
    const mail = field(notification, 'mail');
    // A message that was handed out just now is on its way to the function, though nobody can say so yet.
    const handedOut = lastReceivedAt > now - handover && visibleAt === lastReceivedAt + visibility;
    const hidden = underWay.has(id) || handedOut ? 'in flight' : 'waiting';
    const strings = Object.entries(attributes).map(
      ([name, value]) => [name, text(value, 'StringValue') ?? ''] as const,
    );
    return {
      id,
      messageId: text(mail, 'messageId'),
      source: text(mail, 'source') ?? '',
      recipients: texts(field(notification, 'receipt'), 'recipients'),
      subject: text(field(mail, 'commonHeaders'), 'subject') ?? '',
      state: visibleAt <= now ? 'ready' : hidden,
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
