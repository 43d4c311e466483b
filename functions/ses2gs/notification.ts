/**
 * Recognises what the function was called with, by shape, and what a message of the queue is. It never throws, and
 * never makes nothing of something: what it does not know is to be parked with the reason.
 *
 * Attributes of a message in the queue, with which the operator scripts speak to the function (both of type String):
 *   smtp2gs-release = 1      deliver whatever SES's verdicts were (`npm run release`)
 *   smtp2gs-again = <text>   deliver again although the ledger says it is done (`npm run replay --again`); once for each
 *                            text, so take a new one each time, such as the time of the replay
 * The function copies both when it parks a message, and adds smtp2gs-reason.
 */
import { isObject, parsedJson, property, textProperty } from './json.ts';
import { isSetupKey, type Reading, readReceived, setupMail } from './received-mail.ts';

export const releaseAttribute = 'smtp2gs-release';
export const againAttribute = 'smtp2gs-again';
export const reasonAttribute = 'smtp2gs-reason';

/** A message of the queue, as the event source mapping hands it over. */
export interface QueueMessage {
  readonly id: string;
  /** The name of the queue; undefined where the event does not say it. */
  readonly queueName: string | undefined;
  readonly receiptHandle: string;
  readonly body: string;
  /** How many times it was received, this time included. */
  readonly receiveCount: number;
  /** Milliseconds since 1970. */
  readonly sentAt: number | undefined;
  /** Verdicts are passed over. */
  readonly isReleased: boolean;
  /** The ledger is passed over, once for each text. */
  readonly again: string | undefined;
}

/** What the function was called with. */
export type Invocation =
  | { readonly kind: 'queue'; readonly messages: readonly QueueMessage[] }
  /** There is no queue behind it: the notifications belong into ours. */
  | { readonly kind: 'direct'; readonly notifications: readonly string[] }
  | { readonly kind: 'ignored'; readonly why: string }
  | { readonly kind: 'unusable'; readonly why: string };

/** Where the mail lies, for events that do not say it. */
export interface MailPlace {
  readonly bucket: string;
  readonly prefix: string;
}

const noEnvelope = 'an event of S3 has no envelope: the recipients are not known';

/** Recognises an invocation. */
export function recogniseInvocation(event: unknown, place: () => MailPlace): Invocation {
  const records = property(event, 'Records');
  if (!Array.isArray(records)) return readOther(event);
  if (records.length === 0) return { kind: 'ignored', why: 'an event without records' };
  const sources = new Set(
    records.map((record) => textProperty(record, 'eventSource') ?? textProperty(record, 'EventSource')),
  );
  const source = sources.size === 1 ? [...sources].join('') : '';
  switch (source) {
    case 'aws:sqs':
      return { kind: 'queue', messages: records.map(queueMessage) };
    case 'aws:sns':
      return {
        kind: 'direct',
        notifications: records.map((each) => textProperty(property(each, 'Sns'), 'Message') ?? JSON.stringify(each)),
      };
    case 'aws:ses':
      return {
        kind: 'direct',
        notifications: records.map((each) => JSON.stringify(notificationOfAction(property(each, 'ses'), place()))),
      };
    default:
      return readOther(event);
  }
}

/** Reads the body of a message of the queue: a raw notification, or one in SNS's envelope. */
export function readNotification(body: string): Reading {
  const value = parsedJson(body);
  if (!isObject(value)) return { kind: 'unusable', why: 'the message is no JSON object' };
  if (value['Type'] === 'Notification' && typeof value['Message'] === 'string')
    return readNotification(value['Message']);
  const type = value['notificationType'];
  if (type === 'Received') return readReceived(value);
  // SES says this to a topic once, when the topic is connected.
  if (type === 'AmazonSnsSubscriptionSucceeded') return { kind: 'ignored', why: 'SES confirms a topic' };
  if (typeof type === 'string')
    return { kind: 'unusable', why: `a notification of another kind (${type.slice(0, 40)})` };
  return readOther(value);
}

function readOther(event: unknown): Extract<Reading, { kind: 'ignored' | 'unusable' }> {
  if (textProperty(event, 'Event') === 's3:TestEvent') return { kind: 'ignored', why: 'the test event of S3' };
  const records = property(event, 'Records');
  const places: unknown[] = [property(event, 'detail')].concat(Array.isArray(records) ? records : []);
  const keys = places
    .map((each) => property(property(each, 's3') ?? each, 'object'))
    .map((object) => textProperty(object, 'key'))
    .filter((key) => key !== undefined);
  if (keys.length > 0 && keys.every(isSetupKey)) return setupMail;
  return { kind: 'unusable', why: keys.length > 0 ? noEnvelope : 'an event of a shape that is not known' };
}

/** Makes of what the SES Lambda action says what the S3 action would have said. */
function notificationOfAction(ses: unknown, { bucket, prefix }: MailPlace): object {
  const mail = property(ses, 'mail');
  const receipt = property(ses, 'receipt');
  const objectKey = prefix + (textProperty(mail, 'messageId') ?? '');
  const action = { type: 'S3', bucketName: bucket, objectKeyPrefix: prefix, objectKey };
  return { notificationType: 'Received', mail, receipt: { ...(isObject(receipt) ? receipt : {}), action } };
}

function queueMessage(record: unknown): QueueMessage {
  const attributes = property(record, 'attributes');
  const own = (name: string) => textProperty(property(property(record, 'messageAttributes'), name), 'stringValue');
  return {
    id: textProperty(record, 'messageId') ?? '',
    queueName: textProperty(record, 'eventSourceARN')?.split(':').at(-1),
    receiptHandle: textProperty(record, 'receiptHandle') ?? '',
    body: textProperty(record, 'body') ?? '',
    receiveCount: wholeNumber(textProperty(attributes, 'ApproximateReceiveCount')) ?? 1,
    sentAt: wholeNumber(textProperty(attributes, 'SentTimestamp')),
    isReleased: own(releaseAttribute) === '1',
    again: own(againAttribute),
  };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
