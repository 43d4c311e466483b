/**
 * What is kept and for how long: the rules about retention, most of them arithmetic between properties that stand far apart.
 */
import { at, list, number, text } from './template-read.ts';
import { ofType, properties, type Stack } from './template-resolve.ts';
import { check, type Rule } from './template-rule.ts';

const day = 86_400;

const retention = (stack: Stack, queue: string): number =>
  number(at(properties(stack, queue), 'MessageRetentionPeriod'));

export const keepingRules: Rule[] = [
  {
    says: 'keeps parked mail far longer than waiting mail, the raw mail longer than both, and warns while there is time',
    problems: (stack) => {
      const [source, parked] = [retention(stack, 'MailQueue'), retention(stack, 'ParkQueue')];
      const warning = number(at(properties(stack, 'ParkedMailExpiringAlarm'), 'Threshold'));
      return [
        ...check(
          parked >= source + 7 * day,
          'mail moved into the ParkQueue brings its age with it, and is lost before anybody looks',
        ),
        ...check(retention(stack, 'UndeliveredNoticeQueue') > source, 'undelivered notifications are lost early'),
        ...check(source > 20 * 3600 * 2, 'waiting mail is lost before it expires at 20 h'),
        ...check(warning + source + day <= parked, 'the alarm about expiring mail leaves less than a day'),
        ...check(
          number(at(stack.template, 'Parameters', 'KeepMailDays', 'MinValue')) * day >= source + parked,
          'the raw mail is deleted while its notification is parked',
        ),
        ...list(at(properties(stack, 'MailBucket'), 'LifecycleConfiguration', 'Rules'))
          .filter((rule) => !(number(at(rule, 'ExpirationInDays')) * day >= source + parked))
          .map((rule) => `${text(at(rule, 'Id'))} is deleted too early`),
        ...check(
          at(properties(stack, 'MailQueue'), 'RedrivePolicy', 'deadLetterTargetArn') === '<ParkQueue.Arn>' &&
            number(at(properties(stack, 'MailQueue'), 'RedrivePolicy', 'maxReceiveCount')) >= 50,
          'the queue parks mail before the schedule of 20 h is through',
        ),
      ];
    },
    noticed: [
      [
        'a source that keeps as long as the dead-letter queue',
        'Resources/MailQueue/Properties/MessageRetentionPeriod',
        1_209_600,
      ],
      [
        'a dead-letter queue with the default of 4 days',
        'Resources/ParkQueue/Properties/MessageRetentionPeriod',
        undefined,
      ],
      ['a late warning', 'Resources/ParkedMailExpiringAlarm/Properties/Threshold', 13 * day],
      ['raw mail that may be deleted after a week', 'Parameters/KeepMailDays/MinValue', 7],
      [
        'quarantine emptied after a day',
        'Resources/MailBucket/Properties/LifecycleConfiguration/Rules/1/ExpirationInDays',
        1,
      ],
      ['the default of three receives', 'Resources/MailQueue/Properties/RedrivePolicy/maxReceiveCount', 3],
    ],
  },
  {
    says: 'keeps what holds mail, or the memory of it, when the stack goes or a resource is replaced',
    problems: (stack) =>
      ['AWS::S3::Bucket', 'AWS::SQS::Queue', 'AWS::DynamoDB::Table', 'AWS::Logs::LogGroup']
        .flatMap((type) => ofType(stack, type))
        .filter(
          ({ whole }) =>
            !text(at(whole, 'DeletionPolicy')).startsWith('Retain') || at(whole, 'UpdateReplacePolicy') !== 'Retain',
        )
        .map(({ id }) => `${id} goes with the stack`),
    noticed: [
      ['a queue that goes with the stack', 'Resources/ParkQueue/DeletionPolicy', undefined],
      ['a ledger that goes when it is replaced', 'Resources/LedgerTable/UpdateReplacePolicy', 'Delete'],
    ],
  },
  {
    says: 'gives the ledger its key, its time to live and a way back',
    problems: (stack) => {
      const table = properties(stack, 'LedgerTable');
      return [
        ...check(at(table, 'KeySchema', '0', 'AttributeName') === 'id', 'the key is not id'),
        ...check(
          at(table, 'TimeToLiveSpecification', 'AttributeName') === 'expiration' &&
            at(table, 'TimeToLiveSpecification', 'Enabled') === true,
          'records never expire',
        ),
        ...check(
          at(table, 'PointInTimeRecoverySpecification', 'PointInTimeRecoveryEnabled') === true,
          'the ledger cannot be brought back',
        ),
      ];
    },
    noticed: [
      ['records that never expire', 'Resources/LedgerTable/Properties/TimeToLiveSpecification/AttributeName', 'ttl'],
      ['a ledger without recovery', 'Resources/LedgerTable/Properties/PointInTimeRecoverySpecification', undefined],
    ],
  },
];
