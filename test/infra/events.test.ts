/**
 * Whether the events of test/events can be trusted by the tests that use them: each is JSON, documented, built as AWS builds
 * it, odd in the way its name says, and names nobody real. What the function makes of them is tested with the function.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { at, list, plain, text, type Value } from './template-read.ts';

const folder = new URL('../events/', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8');

const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
const event = (file: string): Value => plain(JSON.parse(read(file)));
const records = (file: string): Value[] => list(at(event(file), 'Records'));
const queued = files.filter((file) => at(records(file)[0], 'eventSource') === 'aws:sqs');

/** The notification inside the first record, unwrapped; undefined when there is none. */
const notification = (name: string): Value | undefined => {
  const [record] = records(`${name}.json`);
  const body = parse(text(at(record, 'body') ?? at(record, 'Sns', 'Message')));
  const inner = at(body, 'Message');
  return at(record, 'ses') ?? (inner === undefined ? body : parse(text(inner)));
};

const parse = (json: string): Value | undefined => {
  try {
    return plain(JSON.parse(json));
  } catch {
    return undefined;
  }
};

describe('the events', () => {
  it('are all in the README, and nothing else is', () => {
    const documented = [...read('README.md').matchAll(/^\| `([\w-]+\.json)` \|/gm)].map((match) => match[1] ?? '');
    expect(documented.toSorted()).toEqual(files.toSorted());
  });

  it.each(files)('%s is well-formed JSON', (file) => {
    expect(() => event(file)).not.toThrow();
  });

  it.each(queued)('%s is what a queue hands on: whole records, whose checksum is that of their body', (file) => {
    for (const record of records(file)) {
      expect(at(record, 'eventSourceARN')).toBe('arn:aws:sqs:us-east-1:111122223333:smtp2gs-MailQueue');
      expect(at(record, 'md5OfBody')).toBe(
        createHash('md5')
          .update(text(at(record, 'body')))
          .digest('hex'),
      );
      expect(Number(at(record, 'attributes', 'ApproximateReceiveCount'))).toBeGreaterThan(0);
    }
  });

  it('have message ids of their own, in queue and in SES', () => {
    const all = files
      .flatMap((file) => records(file).map((record) => text(at(record, 'messageId'))))
      .filter((id) => id !== '');
    expect(new Set(all).size).toBe(all.length);
    const mails = files
      .map((file) => text(at(notification(file.replace('.json', '')), 'mail', 'messageId')))
      .filter((id) => id !== '');
    expect(new Set(mails).size).toBe(mails.length);
  });

  it('name no real person, domain or account', () => {
    const everything = files.map(read).join('\n');
    const hosts = [...everything.matchAll(/@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)/g)].map(
      (match) => match[1]?.toLowerCase() ?? '',
    );
    expect(hosts.filter((host) => !/(^|\.)example(\.(com|org))?$/.test(host))).toEqual([]);
    expect(
      [...everything.matchAll(/arn:aws:(?!s3)[a-z]+:[a-z0-9-]*:(\d+)/g)].filter((match) => match[1] !== '111122223333'),
    ).toEqual([]);
  });
});

describe('an odd event is odd in the way its name says:', () => {
  const odd: [name: string, path: string, is: Value | undefined][] = [
    ['sqs-raw', 'receipt/dmarcVerdict/status', 'PASS'],
    ['sqs-raw', 'receipt/dmarcPolicy', undefined],
    ['sqs-raw-no-to', 'mail/commonHeaders/to', undefined],
    ['sqs-raw-no-to', 'receipt/recipients', ['list@groups.example.com']],
    ['sqs-raw-no-dmarc-policy', 'receipt/dmarcVerdict/status', 'FAIL'],
    ['sqs-raw-no-dmarc-policy', 'receipt/dmarcPolicy', undefined],
    ['sqs-raw-no-prefix', 'receipt/action/objectKeyPrefix', undefined],
    ['sqs-raw-headers-truncated', 'mail/headersTruncated', true],
    ['sqs-raw-verdicts-disabled', 'receipt/spamVerdict/status', 'DISABLED'],
    ['sqs-raw-verdicts-gray', 'receipt/virusVerdict/status', 'PROCESSING_FAILED'],
    ['sqs-raw-verdicts-absent', 'receipt/spamVerdict', undefined],
    ['sqs-raw-null-sender-empty', 'mail/source', ''],
    ['sqs-raw-null-sender-brackets', 'mail/source', '<>'],
    ['sqs-raw-null-sender-absent', 'mail/source', undefined],
    ['sqs-raw-no-recipients', 'receipt/recipients', []],
    ['sqs-raw-line-break-in-recipient', 'receipt/recipients/0', 'list@groups.example.com\r\nX-Forged: yes'],
    ['sqs-foreign-bucket', 'receipt/action/bucketName', 'somebody-elses-bucket'],
    ['sqs-no-object-key', 'receipt/action/objectKey', undefined],
    ['spam-fail', 'receipt/spamVerdict/status', 'FAIL'],
    ['virus-fail', 'receipt/virusVerdict/status', 'FAIL'],
    ['dmarc-fail-reject', 'receipt/dmarcPolicy', 'reject'],
    ['dmarc-fail-quarantine', 'receipt/dmarcPolicy', 'quarantine'],
    ['dmarc-fail-none', 'receipt/dmarcPolicy', 'none'],
    ['spf-fail', 'receipt/spfVerdict/status', 'FAIL'],
    ['dkim-fail', 'receipt/dkimVerdict/status', 'FAIL'],
    ['ses-lambda-action', 'receipt/action/type', 'Lambda'],
    ['ses-sns-action', 'receipt/action/type', 'SNS'],
    ['sqs-sns-wrapped', 'receipt/action/type', 'S3'],
    ['sns-direct', 'receipt/action/type', 'S3'],
    ['sqs-setup-notification', 'mail/messageId', 'AMAZON_SES_SETUP_NOTIFICATION'],
    ['sqs-other-notification', 'notificationType', 'Bounce'],
  ];

  it.each(odd)('%s has at %s %j', (name, path, is) => {
    expect(notification(name)).toBeDefined();
    expect(at(notification(name), ...path.split('/'))).toEqual(is);
  });

  it.each(['sqs-not-json', 'sqs-cut-short'])('%s has a body that is no JSON', (name) => {
    expect(notification(name)).toBeUndefined();
  });

  it('every sound raw notification names the object that SES stored for it, prefix included', () => {
    const exceptions = [
      'sqs-no-object-key',
      'sqs-other-notification',
      'ses-sns-action',
      'sqs-unknown-json',
      'sqs-s3-event',
      'sqs-s3-test-event',
    ];
    const keys = queued
      .map((file) => file.replace('.json', ''))
      .filter((name) => !exceptions.includes(name) && notification(name) !== undefined)
      .map((name) => [
        text(at(notification(name), 'receipt', 'action', 'objectKey')),
        text(at(notification(name), 'mail', 'messageId')),
      ]);
    expect(keys.length).toBeGreaterThan(30);
    expect(keys.filter(([key, id]) => key !== `inbound/${id}`)).toEqual([]);
  });
});
