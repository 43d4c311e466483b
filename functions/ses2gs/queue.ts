/**
 * What the function tells the queues: when a message is to be seen again, that a message is parked, that a notification
 * which came past the queue belongs into it. All reject when the queue cannot be had; then the message stays where it is.
 */
import { ChangeMessageVisibilityCommand, type MessageAttributeValue, SendMessageCommand } from '@aws-sdk/client-sqs';
import { sqs } from './aws-clients.ts';
import { againAttribute, type QueueMessage, reasonAttribute, releaseAttribute } from './notification.ts';

/** Hides a message for so many seconds, counted from now. */
export async function retryIn(seconds: number, message: QueueMessage, queueUrl: string): Promise<void> {
  const { receiptHandle } = message;
  await sqs.send(
    new ChangeMessageVisibilityCommand({
      QueueUrl: queueUrl,
      ReceiptHandle: receiptHandle,
      VisibilityTimeout: seconds,
    }),
  );
}

/** Puts a notification aside for the administrator, with the reason and what the original message asked for. */
export async function park(
  body: string,
  reason: string,
  parkQueueUrl: string,
  original?: Pick<QueueMessage, 'isReleased' | 'again'>,
): Promise<void> {
  const attributes = {
    [reasonAttribute]: text(reason),
    ...(original?.isReleased ? { [releaseAttribute]: text('1') } : {}),
    ...(original?.again === undefined ? {} : { [againAttribute]: text(original.again) }),
  };
  await sqs.send(new SendMessageCommand({ QueueUrl: parkQueueUrl, MessageBody: body, MessageAttributes: attributes }));
}

/** Puts a notification into the queue that it should have come by. */
export async function forward(notification: string, queueUrl: string): Promise<void> {
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: notification }));
}

/** SQS takes no control characters and no empty value. */
function text(value: string): MessageAttributeValue {
  return { DataType: 'String', StringValue: value.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 500) || '-' };
}
