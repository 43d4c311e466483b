/** What is read from an invocation and from a notification, part by part, and in which words the rest is parked. */
import { describe, expect, it } from 'vitest';
import { readNotification, reasonAttribute, recogniseInvocation } from '../../functions/ses2gs/notification.ts';
import { isSetupKey, withLowerCaseDomain } from '../../functions/ses2gs/received-mail.ts';

const place = { bucket: 'own-bucket', prefix: 'inbound/' };
const recognise = (event: unknown) => recogniseInvocation(event, () => place);
const read = (notification: unknown) => readNotification(JSON.stringify(notification));
const setupMail = { kind: 'ignored', why: 'the mail that SES writes when a receipt rule is made' };

const mail = { messageId: 'm-1', source: 'ada@example.com', timestamp: '2026-11-22T08:00:00.000Z' };
const action = { type: 'S3', bucketName: 'bucket', objectKey: 'inbound/m-1' };
const receipt = {
  recipients: ['example_group@groups.example.com'],
  spamVerdict: { status: 'PASS' },
  virusVerdict: { status: 'fail' },
  spfVerdict: { status: 'GRAY' },
  dkimVerdict: { status: 'PROCESSING_FAILED' },
  dmarcVerdict: { status: 'DISABLED' },
  dmarcPolicy: 'REJECT',
  action,
};
const notification = { notificationType: 'Received', mail, receipt };
const withMail = (changes: object) => ({ ...notification, mail: { ...mail, ...changes } });
const withReceipt = (changes: object) => ({ ...notification, receipt: { ...receipt, ...changes } });
const withAction = (changes: object) => withReceipt({ action: { ...action, ...changes } });

describe('a received mail', () => {
  it('has every part that the notification names', () => {
    expect(read(notification)).toStrictEqual({
      kind: 'mail',
      mail: {
        messageId: 'm-1',
        sender: 'ada@example.com',
        recipients: ['example_group@groups.example.com'],
        receivedAt: Date.UTC(2026, 10, 22, 8),
        bucket: 'bucket',
        key: 'inbound/m-1',
        verdicts: { spam: 'PASS', virus: 'FAIL', spf: 'GRAY', dkim: 'PROCESSING_FAILED', dmarc: 'DISABLED' },
        dmarcPolicy: 'reject',
        notification,
      },
    });
  });

  it('has empty parts where it may do without', () => {
    const bare = { notificationType: 'Received', mail: { messageId: 'm-1' }, receipt: { recipients: ['a@h'], action } };
    expect(read(bare)).toMatchObject({
      kind: 'mail',
      mail: {
        sender: '',
        receivedAt: undefined,
        verdicts: { spam: '', virus: '', spf: '', dkim: '', dmarc: '' },
        dmarcPolicy: '',
      },
    });
  });

  it.each([
    ['<ada@example.com>', 'ada@example.com'],
    [' <ada@example.com>\n', 'ada@example.com'],
    [' ada@example.com ', 'ada@example.com'],
    ['<>', ''],
    ['Ada <ada@example.com>', 'Ada <ada@example.com>'],
    ['<ada@example.com> Ada', '<ada@example.com> Ada'],
  ])('from %j has the sender %j', (source, sender) => {
    expect(read(withMail({ source }))).toMatchObject({ mail: { sender } });
  });

  it.each([
    [
      ['A@H', 'a@h'],
      ['A@H', 'a@h'],
    ],
    [['a@h', 'a@H'], ['a@H']],
    [
      ['a@b@h', 'a@B@h'],
      ['a@b@h', 'a@B@h'],
    ],
    [['LIST', 'list'], ['list']],
    [[' a@h'], [' a@h']],
  ])('to %j has the recipients %j', (recipients, expected) => {
    expect(read(withReceipt({ recipients }))).toMatchObject({ mail: { recipients: expected } });
  });

  it('has addresses that are compared by their domain in small letters, and by nothing else', () => {
    expect(withLowerCaseDomain('Ada.L@Example.COM')).toBe('Ada.L@example.com');
    expect(withLowerCaseDomain('"A@B"@Example.COM')).toBe('"A@B"@example.com');
  });

  it.each([
    ['the notification has no message id', withMail({ messageId: '' })],
    ['the notification has no message id', withMail({ messageId: 7 })],
    ['the mail was not stored in S3 (receipt.action.type)', withAction({ type: 'SNS' })],
    ['the mail was not stored in S3 (receipt.action.type)', withReceipt({ action: null })],
    ['the notification does not say which object the mail is', withAction({ bucketName: '' })],
    ['the notification does not say which object the mail is', withAction({ objectKey: undefined })],
    ...[undefined, [], 'a@h', ['a@h', ''], ['a@h', ' '], ['a@h', 7], ['a@h\n', 'b@h'], ['a@h\rb@h']].map(
      (recipients): [string, object] => [
        'the notification has no envelope recipients that can be used (receipt.recipients)',
        withReceipt({ recipients }),
      ],
    ),
    ['the notification is no text (half a character)', withMail({ messageId: 'm-\ud800' })],
    ['the notification is no text (half a character)', withAction({ bucketName: 'bucket\udc00' })],
    ['the notification is no text (half a character)', withAction({ objectKey: 'inbound/\ud83d' })],
    ['the message is no JSON object', []],
    ['the message is no JSON object', 'text'],
    ['a notification of another kind (Bounce)', { ...notification, notificationType: 'Bounce' }],
    [`a notification of another kind (${'x'.repeat(40)})`, { notificationType: 'x'.repeat(41) }],
    ['an event of a shape that is not known', { notificationType: 7 }],
    ['an event of a shape that is not known', { Type: 'Notification', Message: 7 }],
    [
      'an event of a shape that is not known',
      { Type: 'SubscriptionConfirmation', Message: JSON.stringify(notification) },
    ],
    ['an event of S3 has no envelope: the recipients are not known', { detail: { object: { key: 'inbound/m-1' } } }],
  ])('is not read and parked with the words: %s', (why, unusable) => {
    expect(read(unusable)).toStrictEqual({ kind: 'unusable', why });
  });

  it('comes out of the envelopes of SNS, however many there are', () => {
    const once = { Type: 'Notification', Message: JSON.stringify(notification) };
    expect(read(once)).toEqual(read(notification));
    expect(read({ Type: 'Notification', Message: JSON.stringify(once) })).toEqual(read(notification));
  });
});

describe('what SES and S3 say when they are set up', () => {
  it.each([
    ['the mail of SES by its id', withMail({ messageId: 'AMAZON_SES_SETUP_NOTIFICATION' }), setupMail],
    ['the mail of SES by its key', withAction({ objectKey: 'x/AMAZON_SES_SETUP_NOTIFICATION' }), setupMail],
    ['the mail of SES as an event of S3', { detail: { object: { key: 'AMAZON_SES_SETUP_NOTIFICATION' } } }, setupMail],
    ['the test event of S3', { Event: 's3:TestEvent' }, { kind: 'ignored', why: 'the test event of S3' }],
    [
      'the confirmation of a topic',
      { notificationType: 'AmazonSnsSubscriptionSucceeded' },
      { kind: 'ignored', why: 'SES confirms a topic' },
    ],
  ])('is ignored: %s', (_what, given, reading) => {
    expect(read(given)).toStrictEqual(reading);
  });

  it('is told by the end of a key', () => {
    expect(isSetupKey('AMAZON_SES_SETUP_NOTIFICATION')).toBe(true);
    expect(isSetupKey('a/b/AMAZON_SES_SETUP_NOTIFICATION')).toBe(true);
    expect(isSetupKey('aAMAZON_SES_SETUP_NOTIFICATION')).toBe(false);
    expect(isSetupKey('AMAZON_SES_SETUP_NOTIFICATION/a')).toBe(false);
  });

  it('is not ignored where a mail is among it', () => {
    const s3 = (key: string) => ({ s3: { object: { key } } });
    expect(recognise({ Records: [s3('AMAZON_SES_SETUP_NOTIFICATION')] })).toEqual(setupMail);
    expect(recognise({ Records: [s3('AMAZON_SES_SETUP_NOTIFICATION'), s3('inbound/m-1')] })).toEqual({
      kind: 'unusable',
      why: 'an event of S3 has no envelope: the recipients are not known',
    });
  });
});

describe('an invocation', () => {
  it('by the queue has every part of its messages', () => {
    const attribute = (stringValue: string) => ({ stringValue, dataType: 'String' });
    const record = {
      eventSource: 'aws:sqs',
      messageId: 'id',
      eventSourceARN: 'arn:aws:sqs:us-east-1:111122223333:smtp2gs-MailQueue',
      receiptHandle: 'handle',
      body: 'body',
      attributes: { ApproximateReceiveCount: '3', SentTimestamp: '1795334401000' },
      messageAttributes: { 'smtp2gs-release': attribute('1'), 'smtp2gs-again': attribute('once more') },
    };
    expect(recognise({ Records: [record] })).toStrictEqual({
      kind: 'queue',
      messages: [
        {
          id: 'id',
          queueName: 'smtp2gs-MailQueue',
          receiptHandle: 'handle',
          body: 'body',
          receiveCount: 3,
          sentAt: 1_795_334_401_000,
          isReleased: true,
          again: 'once more',
        },
      ],
    });
  });

  it('by the queue does without every part of its messages', () => {
    const odd = { ApproximateReceiveCount: '3x', SentTimestamp: 'x3' };
    const release = { 'smtp2gs-release': { stringValue: 'true' } };
    const message = {
      id: '',
      queueName: undefined,
      receiptHandle: '',
      body: '',
      receiveCount: 1,
      sentAt: undefined,
      isReleased: false,
      again: undefined,
    };
    expect(
      recognise({
        Records: [
          { eventSource: 'aws:sqs' },
          { eventSource: 'aws:sqs', attributes: odd, messageAttributes: release },
          { eventSource: 'aws:sqs', attributes: { ApproximateReceiveCount: '1'.repeat(16), SentTimestamp: '' } },
        ],
      }),
    ).toStrictEqual({ kind: 'queue', messages: [message, message, message] });
  });

  it('by SNS hands on what the topic said, or all of it', () => {
    const records = [{ EventSource: 'aws:sns', Sns: { Message: 'said' } }, { EventSource: 'aws:sns' }];
    expect(recognise({ Records: records })).toStrictEqual({
      kind: 'direct',
      notifications: ['said', '{"EventSource":"aws:sns"}'],
    });
  });

  it('by SES becomes what the S3 action would have said', () => {
    const { action: _, ...withoutAction } = receipt;
    const invocation = recognise({
      Records: [{ eventSource: 'aws:ses', ses: { mail, receipt: withoutAction } }, { eventSource: 'aws:ses' }],
    });
    const made = (key: string) => ({
      type: 'S3',
      bucketName: 'own-bucket',
      objectKeyPrefix: 'inbound/',
      objectKey: key,
    });
    const expected = [
      { notificationType: 'Received', mail, receipt: { ...withoutAction, action: made('inbound/m-1') } },
      { notificationType: 'Received', receipt: { action: made('inbound/') } },
    ];
    expect(invocation).toStrictEqual({ kind: 'direct', notifications: expected.map((each) => JSON.stringify(each)) });
  });

  it('without records has nothing to do', () => {
    expect(recognise({ Records: [] })).toStrictEqual({ kind: 'ignored', why: 'an event without records' });
  });

  it.each([
    ['of two kinds', [{ eventSource: 'aws:sqs' }, { eventSource: 'aws:sns' }]],
    ['of which one names no source', [{ eventSource: 'aws:sqs', messageId: 'id' }, {}]],
    ['of a source that is not ours', [{ eventSource: 'aws:kinesis' }]],
  ])('with records %s is parked whole', (_what, records) => {
    expect(recognise({ Records: records })).toStrictEqual({
      kind: 'unusable',
      why: 'an event of a shape that is not known',
    });
  });

  it('that is no list of records is read as an event of something else', () => {
    expect(recognise({ Records: 'x', detail: { object: { key: 'inbound/m-1' } } })).toMatchObject({
      why: 'an event of S3 has no envelope: the recipients are not known',
    });
  });

  it('is parked under the attribute that the operator scripts read', () => {
    expect(reasonAttribute).toBe('smtp2gs-reason');
  });
});
