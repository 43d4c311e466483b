/** How queues and messages look to a client of SQS. */
import { createHash } from 'node:crypto';
import { texts } from './input.ts';
import type { Queue, QueuedMessage } from './sqs-queue.ts';

/** The digest by which a client sees that a body arrived whole. */
export const md5 = (body: string) => createHash('md5').update(body).digest('hex');

/** All attributes of a queue, the counted ones included, as GetQueueAttributes shows them. */
export function currentAttributes(queue: Queue, now: number): Record<string, string> {
  const messages = queue.contents();
  const hidden = messages.filter((message) => message.visibleAt > now);
  const delayed = hidden.filter((message) => message.receives === 0).length;
  return {
    ...queue.attributes,
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(messages.length - hidden.length),
    ApproximateNumberOfMessagesNotVisible: String(hidden.length - delayed),
    ApproximateNumberOfMessagesDelayed: String(delayed),
  };
}

/** A message as ReceiveMessage hands it out, with the attributes that the call asked for. */
export function onTheWire(message: QueuedMessage, input: unknown): object {
  const system: Record<string, string> = {
    SenderId: 'AIDALOCAL',
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receives),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    ...(message.deadLetterSource && { DeadLetterQueueSourceArn: message.deadLetterSource }),
  };
  const wantedSystem = [...texts(input, 'AttributeNames'), ...texts(input, 'MessageSystemAttributeNames')];
  const wanted = texts(input, 'MessageAttributeNames');
  const asked = (names: string[], name: string) =>
    names.some(
      (wish) =>
        wish === 'All' || wish === '.*' || wish === name || (wish.endsWith('.*') && name.startsWith(wish.slice(0, -2))),
    );
  const pick = (from: Record<string, unknown>, names: string[]) =>
    Object.fromEntries(Object.entries(from).filter(([name]) => asked(names, name)));
  const messageAttributes = pick(message.attributes, wanted);
  return {
    MessageId: message.id,
    ReceiptHandle: message.handle,
    Body: message.body,
    MD5OfBody: md5(message.body),
    Attributes: pick(system, wantedSystem),
    ...(Object.keys(messageAttributes).length > 0 && { MessageAttributes: messageAttributes }),
  };
}
