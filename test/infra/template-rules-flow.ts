/**
 * The way of a mail through the stack: the rules about receiving, notifications, queue and event source.
 */

import { at, entries, list, number, text, type Value } from './template-read.ts';
import { ofType, properties, type Stack } from './template-resolve.ts';
import { check, type Rule } from './template-rule.ts';

const functionTimeout = (stack: Stack): number => number(at(properties(stack, 'Ses2gs'), 'Timeout'));

export const flowRules: Rule[] = [
  {
    says: 'makes the receipt rule after both policies, which SES tries out',
    problems: (stack) =>
      ['MailBucketPolicy', 'MailTopicPolicy']
        .filter((policy) => !list(at(stack.template, 'Resources', 'ReceiptRule', 'DependsOn')).includes(policy))
        .map((policy) => `ReceiptRule does not wait for ${policy}`),
    noticed: [
      ['a rule that does not wait', 'Resources/ReceiptRule/DependsOn', undefined],
      ['a rule that waits for one policy only', 'Resources/ReceiptRule/DependsOn', ['MailBucketPolicy']],
    ],
  },
  {
    says: 'receives scanned mail for the domains given, with and without TLS, into the place that the function reads',
    problems: (stack) => {
      const rule = at(properties(stack, 'ReceiptRule'), 'Rule');
      const action = at(rule, 'Actions', '0', 'S3Action');
      const environment = at(properties(stack, 'Ses2gs'), 'Environment', 'Variables');
      return [
        ...check(at(rule, 'Enabled') === true, 'the rule is off'),
        ...check(at(rule, 'ScanEnabled') === true, 'without ScanEnabled there are no verdicts on spam and virus'),
        ...check(
          at(rule, 'TlsPolicy') === 'Optional',
          'TlsPolicy must be Optional, or senders without TLS are turned away',
        ),
        ...check(
          list(at(rule, 'Recipients')).some((domain) => text(domain) !== ''),
          'a rule without recipients takes in every domain',
        ),
        ...check(list(at(rule, 'Actions')).length === 1, 'one action, the S3Action'),
        ...check(at(action, 'TopicArn') === '<MailTopic>', 'the S3Action does not announce the mail'),
        ...check(
          at(action, 'BucketName') === at(environment, 'SMTP2GS_BUCKET') &&
            text(at(action, 'ObjectKeyPrefix')) === text(at(environment, 'SMTP2GS_PREFIX')),
          'SES stores mail elsewhere than the function looks for it',
        ),
      ];
    },
    noticed: [
      ['a scan that is off', 'Resources/ReceiptRule/Properties/Rule/ScanEnabled', false],
      ['a misspelt TlsPolicy', 'Resources/ReceiptRule/Properties/Rule/TlsPolicy', 'Optionl'],
      ['a rule for every domain', 'Resources/ReceiptRule/Properties/Rule/Recipients', undefined],
      ['mail that is not announced', 'Resources/ReceiptRule/Properties/Rule/Actions/0/S3Action/TopicArn', undefined],
      ['another prefix', 'Resources/Ses2gs/Properties/Environment/Variables/SMTP2GS_PREFIX', 'mail/'],
    ],
  },
  {
    says: 'brings notifications raw into the queue, and keeps those that do not arrive',
    problems: (stack) => {
      const subscription = properties(stack, 'MailSubscription');
      return [
        ...check(at(subscription, 'RawMessageDelivery') === true, 'notifications come wrapped'),
        ...check(at(subscription, 'Endpoint') === '<MailQueue.Arn>', 'notifications go to another queue'),
        ...check(
          at(subscription, 'RedrivePolicy', 'deadLetterTargetArn') === '<UndeliveredNoticeQueue.Arn>',
          'notifications that cannot be delivered are lost',
        ),
        ...check(
          list(at(properties(stack, 'MailQueuePolicy'), 'PolicyDocument', 'Statement', '0', 'Resource')).length === 2,
          'SNS may not write to both queues',
        ),
      ];
    },
    noticed: [
      ['wrapped notifications', 'Resources/MailSubscription/Properties/RawMessageDelivery', false],
      ['notifications lost', 'Resources/MailSubscription/Properties/RedrivePolicy', undefined],
    ],
  },
  {
    says: 'hides a message for at least six times the timeout of the function',
    problems: (stack) =>
      check(
        number(at(properties(stack, 'MailQueue'), 'VisibilityTimeout')) >= 6 * functionTimeout(stack),
        'VisibilityTimeout is below 6 x Timeout: two workers could deliver one mail',
      ),
    noticed: [
      ['a short visibility timeout', 'Resources/MailQueue/Properties/VisibilityTimeout', 900],
      ['a longer function', 'Resources/Ses2gs/Properties/Timeout', 300],
      ['no visibility timeout', 'Resources/MailQueue/Properties/VisibilityTimeout', undefined],
    ],
  },
  {
    says: 'hands the function one mail at a time, hears which one failed, and spares GroupServer',
    problems: (stack) => {
      const mapping = mappingOf(stack);
      return [
        ...check(at(mapping, 'BatchSize') === 1, 'more than one mail in a batch'),
        ...check(
          list(at(mapping, 'FunctionResponseTypes')).includes('ReportBatchItemFailures'),
          'without ReportBatchItemFailures every failed mail is deleted from the queue',
        ),
        ...check(number(at(mapping, 'ScalingConfig', 'MaximumConcurrency')) >= 2, 'no MaximumConcurrency'),
        ...check(
          (at(mapping, 'Queue') ?? at(mapping, 'EventSourceArn')) === '<MailQueue.Arn>',
          'the function listens to another queue',
        ),
      ];
    },
    noticed: [
      [
        'failures that are not heard',
        'Resources/Ses2gs/Properties/Events/Mail/Properties/FunctionResponseTypes',
        undefined,
      ],
      ['batches', 'Resources/Ses2gs/Properties/Events/Mail/Properties/BatchSize', 10],
      ['no bound on concurrency', 'Resources/Ses2gs/Properties/Events/Mail/Properties/ScalingConfig', undefined],
    ],
  },
];

/** The event source: an event of the function as written, a resource of its own once transformed. */
const mappingOf = (stack: Stack): Value | undefined =>
  ofType(stack, 'AWS::Lambda::EventSourceMapping')[0]?.properties ??
  at(entries(at(properties(stack, 'Ses2gs'), 'Events'))[0]?.[1], 'Properties');
