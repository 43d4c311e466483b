/**
 * What the function is called with, in all shapes: it is always something, it is thrown away only where SES or S3 say
 * by name that it is no mail, and a mail that comes out can be handled: recipients on one line each, an object; else there
 * is a reason.
 */
import fc from 'fast-check';
import { messageOf, withOriginalRecipient } from '../../../functions/core/message.ts';
import { isObject, parsedJson, property } from '../../../functions/ses2gs/json.ts';
import { readNotification, recogniseInvocation } from '../../../functions/ses2gs/notification.ts';
import { notificationOf, type ReceivedMail, withLowerCaseDomain } from '../../../functions/ses2gs/received-mail.ts';
import { reasonNotToBounce } from '../../../functions/ses2gs/safe-to-bounce.ts';
import { judge } from '../../../functions/ses2gs/verdict.ts';
import { events } from '../corpus.ts';
import { holds, same } from '../holds.ts';
import type { Target } from '../target.ts';

const place = { bucket: 'smtp2gs-mail-111122223333-us-east-1', prefix: 'inbound/' };

/** The events, and what is wrapped in them. */
const documents = events.flatMap((bytes) => {
  const event = parsedJson(bytes.toString());
  const records = property(event, 'Records');
  const wrapped = (Array.isArray(records) ? records : []).flatMap((record: unknown) => [
    property(record, 'body'),
    property(property(record, 'Sns'), 'Message'),
  ]);
  return [event, ...wrapped.flatMap((text) => (typeof text === 'string' ? (parsedJson(text) ?? []) : []))];
});

const oddText = fc.oneof(
  fc.constantFrom('', ' ', 'a@h\r\nBcc: b@h', '\0', '<>', '\ud800', 'x'.repeat(500), '<a@h>', '"a b"@H', 'é@h'),
  fc.constantFrom('Received', 'Bounce', 'S3', 'SNS', 'FAIL', 'fail', 'AMAZON_SES_SETUP_NOTIFICATION', 's3:TestEvent'),
  fc.constantFrom('aws:sqs', 'aws:sns', 'aws:ses', 'aws:s3', '../../etc/passwd', 'inbound/\n', '1e999', '-1'),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const odd = fc.oneof(
  { weight: 3, arbitrary: oddText },
  { weight: 1, arbitrary: fc.constantFrom(null, true, 0, -1, 1e300, [], {}, [[]], [null], [''], ['a@h', 'b\n@h']) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
);

/** Puts something else into one place of a document; `where` chooses the place. */
function changed(document: unknown, where: number, value: unknown, isGone: boolean): unknown {
  const copy: unknown = structuredClone(document);
  const places: { holder: object; key: string }[] = [];
  const visit = (node: unknown) => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      places.push({ holder: node, key });
      visit(Reflect.get(node, key));
    }
  };
  visit(copy);
  const found = places[where % Math.max(1, places.length)];
  if (found && isGone) Reflect.deleteProperty(found.holder, found.key);
  else if (found) Reflect.set(found.holder, found.key, value);
  return copy;
}

const change = fc.tuple(fc.nat({ max: 5000 }), odd, fc.boolean());
const wrapper = fc.constantFrom('none', 'none', 'queue', 'topic', 'both');

function wrapped(document: unknown, how: 'none' | 'queue' | 'topic' | 'both'): string {
  const text = JSON.stringify(document) ?? 'null';
  const topic = how === 'topic' || how === 'both' ? JSON.stringify({ Type: 'Notification', Message: text }) : text;
  if (how !== 'queue' && how !== 'both') return topic;
  return JSON.stringify({ Records: [{ eventSource: 'aws:sqs', messageId: 'm', receiptHandle: 'r', body: topic }] });
}

export const notification: Target = {
  name: 'notification',
  grammar: fc
    .tuple(fc.constantFrom(...documents), fc.array(change, { maxLength: 3 }), wrapper)
    .map(([document, changes, how]) =>
      Buffer.from(
        wrapped(
          changes.reduce((whole, [where, value, gone]) => changed(whole, where, value, gone), document),
          how,
        ),
      ),
    ),
  corpus: events,
  words: [
    'null',
    '[]',
    '{}',
    '""',
    '"Records"',
    '"aws:sqs"',
    '\\r\\n',
    '\\u0000',
    '\\ud800',
    '"Received"',
    '"S3"',
    ',',
    ':',
  ],
  check(input) {
    const text = input.toString('utf8');
    checkNotification(text);
    const event = parsedJson(text);
    const invocation = recogniseInvocation(event, () => place);
    switch (invocation.kind) {
      case 'queue': {
        const records = property(event, 'Records');
        same(invocation.messages.length, Array.isArray(records) ? records.length : -1, 'no message is left out');
        for (const { body, receiveCount, sentAt } of invocation.messages) {
          holds(Number.isSafeInteger(receiveCount) && receiveCount >= 0, 'the tries are counted', receiveCount);
          holds(sentAt === undefined || Number.isSafeInteger(sentAt), 'the time is a number', sentAt);
          checkNotification(body);
        }
        return;
      }
      case 'direct':
        for (const each of invocation.notifications) {
          holds(typeof each === 'string' && each !== '', 'what is forwarded is a text', each);
          checkNotification(each);
        }
        return;
      case 'ignored':
        return checkIgnored(text);
      case 'unusable':
        return checkReason(invocation.why);
    }
  },
};

function checkNotification(text: string): void {
  const reading = readNotification(text);
  if (reading.kind === 'unusable') checkReason(reading.why);
  else if (reading.kind === 'ignored') checkIgnored(text);
  else checkMail(reading.mail);
}

/** It may hold any character of the notification; what SQS does not take is replaced where it is sent. */
function checkReason(why: string): void {
  holds(why !== '' && why.length < 200, 'there is a short reason', why);
}

function checkIgnored(text: string): void {
  const plain = JSON.stringify(parsedJson(text)) ?? '';
  const isNamed = /AMAZON_SES_SETUP_NOTIFICATION|s3:TestEvent|AmazonSnsSubscriptionSucceeded/.test(plain);
  holds(isNamed || plain.includes('"Records":[]'), 'what is thrown away is named as no mail', text);
}

function checkMail(mail: ReceivedMail): void {
  holds(mail.messageId !== '' && mail.bucket !== '' && mail.key !== '', 'a mail has an id and an object');
  holds(`${mail.messageId}${mail.key}`.isWellFormed(), 'what names a mail is whole characters', mail.key);
  holds(mail.recipients.length > 0, 'a mail has recipients');
  const addresses = mail.recipients.map(withLowerCaseDomain);
  same(new Set(addresses).size, addresses.length, 'each recipient is there once');
  for (const address of addresses) {
    holds(!/[\r\n]/.test(address) && address.trim() !== '', 'a recipient is one line', address);
    holds(address.isWellFormed(), 'a recipient is whole characters', address);
    withOriginalRecipient(messageOf(Buffer.from('x')), address);
  }
  holds(mail.receivedAt === undefined || Number.isFinite(mail.receivedAt), 'the time is a number', mail.receivedAt);
  const again = readNotification(JSON.stringify(notificationOf(mail, {})));
  holds(again.kind === 'mail', 'a mail that is parked is a mail again', again);
  if (again.kind === 'mail') same(again.mail.recipients, mail.recipients, 'a parked mail keeps its recipients');
  const judgement = judge(mail, { spamAction: 'drop' });
  same(judgement.kind === 'drop', judgement.kind === 'drop' && mail.verdicts.spam === 'FAIL', 'only spam is dropped');
  checkBounce(mail);
}

function checkBounce(mail: ReceivedMail): void {
  const header = {
    autoSubmitted: [],
    precedence: [],
    machineFields: [],
    contentType: 'text/plain',
    fromDomains: ['example.com'],
    signedBy: [],
  };
  const our = { bounceSender: 'mailer-daemon@groups.example.com', sites: new Map() };
  if (reasonNotToBounce(mail, header, our) !== undefined) return;
  holds(/^[\x21-\x7e]+@[\x21-\x7e]+$/.test(mail.sender), 'a bounce goes to an address', mail.sender);
  holds(mail.verdicts.spf === 'PASS' || mail.verdicts.dmarc === 'PASS', 'a bounce goes to a proven sender');
  holds(isObject(mail.notification), 'the notification is kept');
}
