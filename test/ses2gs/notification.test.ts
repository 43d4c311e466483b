import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readNotification, recogniseInvocation } from '../../functions/ses2gs/notification.ts';
import { notificationOf, type ReceivedMail } from '../../functions/ses2gs/received-mail.ts';
import { judge } from '../../functions/ses2gs/verdict.ts';
import { documentedFate, eventNames, eventPlace, readEvent, recordsOf } from './events.ts';

const invocationOf = (event: unknown) => recogniseInvocation(event, () => eventPlace);

/** What a received mail of an event says. */
function mailOf(name: string): ReceivedMail {
  const invocation = invocationOf(readEvent(name));
  const body =
    invocation.kind === 'queue'
      ? invocation.messages[0]?.body
      : invocation.kind === 'direct'
        ? invocation.notifications[0]
        : undefined;
  const reading = readNotification(body ?? '');
  if (reading.kind !== 'mail') throw new Error(`${name} is read as ${reading.kind}`);
  return reading.mail;
}

/** What the function would do with the first record, as far as notification and verdicts tell. */
function fateOf(name: string): string {
  const invocation = invocationOf(readEvent(name));
  if (invocation.kind === 'direct') return 'forwarded into the queue';
  if (invocation.kind === 'unusable') return 'parked';
  if (invocation.kind === 'ignored') return name === 'no-records' ? 'nothing to do' : 'ignored';
  const reading = readNotification(invocation.messages[0]?.body ?? '');
  if (reading.kind === 'unusable') return 'parked';
  if (reading.kind === 'ignored') return 'ignored';
  if (reading.mail.bucket !== eventPlace.bucket) return 'parked';
  if (judge(reading.mail, { spamAction: 'quarantine' }).kind === 'quarantine') return 'quarantined';
  return reading.mail.recipients.some((recipient) => /@(groups\.example\.com|lists\.example\.org)$/i.test(recipient))
    ? 'delivered'
    : 'parked';
}

/** What the README calls otherwise: told apart only behind the notification, or told in other words. */
const inOtherWords: Record<string, string> = {
  'sqs-raw-relay': 'delivered',
  'sqs-raw-xverp': 'delivered',
  'sqs-raw-old': 'delivered',
  'sqs-raw-line-break-in-recipient': 'parked',
  'sqs-batch-of-several': 'delivered',
};

describe('an event', () => {
  it.each(eventNames)('%s is recognised as documented', (name) => {
    const fate = fateOf(name);
    expect(inOtherWords[name] ?? documentedFate(name).slice(0, fate.length)).toBe(fate);
  });

  it('of anything at all is recognised without an error, and nothing is made of nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.record({ Records: fc.array(fc.jsonValue()) })), (event) => {
        const isEmpty = JSON.stringify(event) === '{"Records":[]}';
        expect(invocationOf(event).kind).toBe(isEmpty ? 'ignored' : 'unusable');
      }),
    );
  });

  it('with records of several kinds is not taken for one of them', () => {
    const records = [...recordsOf('sqs-raw'), ...recordsOf('sns-direct')];
    expect(invocationOf({ Records: records }).kind).toBe('unusable');
  });
});

describe('a message of the queue', () => {
  it('tells how often it was received and when it was sent', () => {
    const invocation = invocationOf(readEvent('sqs-raw-retried'));
    expect(invocation).toMatchObject({ messages: [{ receiveCount: 7, sentAt: 1795334401000, isReleased: false }] });
  });

  it('carries what the operator scripts ask for', () => {
    const attribute = (stringValue: string) => ({ stringValue, dataType: 'String' });
    const messageAttributes = { 'smtp2gs-release': attribute('1'), 'smtp2gs-again': attribute('2026-11-22T08:00') };
    const invocation = invocationOf({ Records: [{ eventSource: 'aws:sqs', messageAttributes }] });
    expect(invocation).toMatchObject({ messages: [{ isReleased: true, again: '2026-11-22T08:00' }] });
  });
});

describe('a notification', () => {
  it('of text, JSON or anything is read without an error', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((json) => JSON.stringify({ Type: 'Notification', Message: json })),
    );
    fc.assert(
      fc.property(text, (body) => {
        expect(readNotification(body).kind).toBe('unusable');
      }),
    );
  });

  it('with anything at all in place of any of its parts is read, or parked, or ignored', () => {
    const whole = mailOf('sqs-raw').notification;
    const replaced = (value: unknown): fc.Arbitrary<unknown> =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? fc.oneof(
            {
              weight: 8,
              arbitrary: fc.record(
                Object.fromEntries(Object.entries(value).map(([name, part]) => [name, replaced(part)])),
              ),
            },
            fc.jsonValue(),
          )
        : fc.oneof({ weight: 8, arbitrary: fc.constant(value) }, fc.jsonValue());
    fc.assert(
      fc.property(replaced(whole), (notification) => {
        const reading = readNotification(JSON.stringify(notification));
        if (reading.kind !== 'mail') return;
        expect(reading.mail.messageId).not.toBe('');
        expect(reading.mail.recipients.length).toBeGreaterThan(0);
        expect(reading.mail.recipients.join('')).not.toMatch(/[\r\n]/);
        expect(reading.mail.bucket).not.toBe('');
        expect(reading.mail.key).not.toBe('');
      }),
    );
  });

  it('names the envelope recipients, not those of the header', () => {
    expect(mailOf('sqs-raw-several-recipients').recipients).toHaveLength(3);
    expect(mailOf('sqs-raw-no-to').recipients).toHaveLength(1);
  });

  it('names a recipient once, in whatever letter case its domain is', () => {
    const { notification } = mailOf('sqs-raw');
    const twice = notificationOf(mailOf('sqs-raw'), {
      recipients: ['list@groups.example.com', 'list@GROUPS.example.com'],
    });
    expect(twice).not.toEqual(notification);
    expect(readNotification(JSON.stringify(twice))).toMatchObject({
      mail: { recipients: ['list@GROUPS.example.com'] },
    });
  });

  it.each(['empty', 'brackets', 'absent'])('with the null sender written as %s has an empty sender', (how) => {
    expect(mailOf(`sqs-raw-null-sender-${how}`).sender).toBe('');
  });

  it('of the Lambda action gets the bucket of the settings, and the key that the S3 action would have used', () => {
    const { bucket, key, messageId } = mailOf('ses-lambda-action');
    expect({ bucket, key }).toEqual({ bucket: eventPlace.bucket, key: `inbound/${messageId}` });
  });

  it('without a time that can be read has none', () => {
    const { notification } = mailOf('sqs-raw');
    const untimely = JSON.stringify(notification).replaceAll(/"timestamp":"[^"]*"/g, '"timestamp":"yesterday"');
    expect(readNotification(untimely)).toMatchObject({ kind: 'mail', mail: { receivedAt: undefined } });
  });

  it('written anew for some recipients differs in nothing else', () => {
    const mail = mailOf('sqs-raw-several-recipients');
    const reading = readNotification(JSON.stringify(notificationOf(mail, { recipients: ['list@groups.example.com'] })));
    const { notification: _, ...rest } = mail;
    expect(reading).toMatchObject({ kind: 'mail', mail: { ...rest, recipients: ['list@groups.example.com'] } });
  });
});
