/** What a message in the ParkQueue says of its mail, and why it was parked. It understands what the function does not. */
import type { Message } from '@aws-sdk/client-sqs';
import { parsedJson, textAt, textsAt } from './json.ts';
import { againAttribute, reasonAttribute, releaseAttribute } from './queue-attributes.ts';

export interface ParkedMail {
  /** SES's id; null where the message is no notification. */
  readonly messageId: string | null;
  readonly sender: string | null;
  readonly recipients: readonly string[];
  /** When SES took it in, as SES writes times. */
  readonly receivedAt: string | null;
  readonly reason: string;
  readonly isReleased: boolean;
  readonly again: string | null;
  /** The beginning of the message, where it is no notification. */
  readonly text: string | null;
}

export function parkedMail({ Body = '', MessageAttributes, Attributes }: Message): ParkedMail {
  const value = parsedJson(Body);
  // QUIRK: a notification may stand in SNS's envelope.
  const wrapped = textAt(value, 'Message');
  const notification = wrapped === undefined ? value : parsedJson(wrapped);
  const own = (name: string) => MessageAttributes?.[name]?.StringValue;
  const messageId = textAt(notification, 'mail', 'messageId') ?? null;
  return {
    messageId,
    sender: textAt(notification, 'mail', 'source') ?? null,
    recipients: textsAt(notification, 'receipt', 'recipients'),
    receivedAt: textAt(notification, 'mail', 'timestamp') ?? null,
    reason: own(reasonAttribute) ?? reasonOfSqs(Attributes?.['DeadLetterQueueSourceArn']),
    isReleased: own(releaseAttribute) === '1',
    again: own(againAttribute) ?? null,
    text: messageId === null ? Body.slice(0, 200) : null,
  };
}

function reasonOfSqs(source: string | undefined): string {
  return source === undefined
    ? 'no reason was given'
    : 'given up by SQS: the function took it again and again and never finished';
}
