/**
 * What an administrator sees: the rules about metrics, alarms and the dashboard.
 */
import { at, list, number, plain, text, type Value } from './template-read.ts';
import { ofType, properties, type Stack } from './template-resolve.ts';
import { check, type Rule } from './template-rule.ts';

type Metric = { where: string; namespace: string; name: string; dimensions: string };

const alarms = (stack: Stack): Stack['resources'] => ofType(stack, 'AWS::CloudWatch::Alarm');

const dashboard = (stack: Stack): Value => plain(JSON.parse(text(at(properties(stack, 'Dashboard'), 'DashboardBody'))));

const widgets = (stack: Stack): Value[] => list(at(dashboard(stack), 'widgets'));

const shown = (stack: Stack): Metric[] =>
  widgets(stack)
    .flatMap((widget) => list(at(widget, 'properties', 'metrics')))
    .map((metric) => {
      const [namespace, name, ...rest] = list(metric).filter((part) => typeof part === 'string');
      return { where: 'Dashboard', namespace: text(namespace), name: text(name), dimensions: rest.join('=') };
    });

const watched = (stack: Stack): Metric[] =>
  alarms(stack).map(({ id, properties: alarm }) => ({
    where: id,
    namespace: text(at(alarm, 'Namespace')),
    name: text(at(alarm, 'MetricName')),
    dimensions: list(at(alarm, 'Dimensions'))
      .map((dimension) => `${text(at(dimension, 'Name'))}=${text(at(dimension, 'Value'))}`)
      .join(),
  }));

/** The rule about our own metrics, for the names that the code emits. */
export const metricRule = (emitted: readonly string[]): Rule => ({
  says: 'watches or shows every metric that the function emits, and none that it does not',
  problems: (stack) => {
    const own = [...watched(stack), ...shown(stack)].filter(({ namespace }) => namespace === 'smtp2gs');
    return [
      ...own
        .filter(({ name }) => !emitted.includes(name))
        .map(({ where, name }) => `${where}: the function emits no ${name}`),
      ...own
        .filter(({ dimensions }) => dimensions !== 'service=ses2gs')
        .map(({ where, name }) => `${where}: ${name} is emitted with service=ses2gs`),
      ...emitted.filter((name) => !own.some((metric) => metric.name === name)).map((name) => `nobody sees ${name}`),
    ];
  },
  noticed: [
    ['a metric that nobody emits', 'Resources/OldMailAlarm/Properties/MetricName', 'MailAge'],
    ['another dimension', 'Resources/OldMailAlarm/Properties/Dimensions/0/Value', 'smtp2gs'],
    ['a dashboard without our metrics', 'Resources/Dashboard/Properties/DashboardBody', '{"widgets":[]}'],
  ],
});

export const alarmRules: Rule[] = [
  {
    says: 'tells somebody, in words that say what to do, whenever an alarm goes off, and shows all of them',
    problems: (stack) => {
      const onDashboard = widgets(stack)
        .flatMap((widget) => list(at(widget, 'properties', 'alarms')))
        .map(text);
      return alarms(stack).flatMap(({ id, properties: alarm, whole }) => [
        ...check(list(at(alarm, 'AlarmActions')).includes('<AlarmTopic>'), `${id} tells nobody`),
        ...check(text(at(alarm, 'AlarmDescription')).length > 40, `${id} does not say what to do`),
        ...check(text(at(alarm, 'TreatMissingData')) !== '', `${id} leaves open what no data mean`),
        // An alarm with a condition may not exist, and a dashboard cannot name what does not exist.
        ...check(
          onDashboard.includes(`<${id}.Arn>`) || at(whole, 'Condition') !== undefined,
          `${id} is not on the dashboard`,
        ),
      ]);
    },
    noticed: [
      ['a silent alarm', 'Resources/ParkedMailAlarm/Properties/AlarmActions', undefined],
      ['an alarm without words', 'Resources/ParkedMailAlarm/Properties/AlarmDescription', 'Mail parked.'],
      ['an alarm that is not shown', 'Resources/Dashboard/Properties/DashboardBody', '{"widgets":[]}'],
    ],
  },
  {
    says: 'stays awake while mail is retried once an hour, when there is one datapoint in 72 minutes',
    problems: (stack) =>
      ['OldMailAlarm', 'ConfigurationErrorAlarm'].flatMap((id) => {
        const alarm = properties(stack, id);
        const span = number(at(alarm, 'Period')) * number(at(alarm, 'EvaluationPeriods'));
        return check(span >= 72 * 60 && at(alarm, 'DatapointsToAlarm') === 1, `${id} falls asleep between two tries`);
      }),
    noticed: [
      ['three periods in a row, which never come', 'Resources/OldMailAlarm/Properties/DatapointsToAlarm', 3],
      ['an alarm that ends before the next try', 'Resources/ConfigurationErrorAlarm/Properties/EvaluationPeriods', 1],
    ],
  },
  {
    says: 'watches all the places where mail can stick or get lost',
    problems: (stack) => {
      const wanted = [
        'AWS/SQS ApproximateNumberOfMessagesVisible QueueName=<ParkQueue.QueueName>',
        'AWS/SQS ApproximateAgeOfOldestMessage QueueName=<ParkQueue.QueueName>',
        'AWS/SQS ApproximateAgeOfOldestMessage QueueName=<MailQueue.QueueName>',
        'AWS/SQS ApproximateNumberOfMessagesVisible QueueName=<UndeliveredNoticeQueue.QueueName>',
        'AWS/SNS NumberOfNotificationsFailed TopicName=<MailTopic.TopicName>',
        'AWS/SES PublishFailure RuleName=smtp2gs',
        'AWS/SES PublishExpired RuleName=smtp2gs',
        'AWS/Lambda Errors FunctionName=<Ses2gs>',
        'AWS/Lambda Throttles FunctionName=<Ses2gs>',
        'AWS/Lambda Duration FunctionName=<Ses2gs>',
        'smtp2gs MailAgeSeconds service=ses2gs',
        'smtp2gs ConfigurationError service=ses2gs',
        'smtp2gs Bounced service=ses2gs',
      ];
      const there = watched(stack).map(({ namespace, name, dimensions }) => `${namespace} ${name} ${dimensions}`);
      return wanted.filter((metric) => !there.includes(metric)).map((metric) => `no alarm on ${metric}`);
    },
    noticed: [
      ['SES giving up unseen', 'Resources/SesPublishExpiredAlarm', undefined],
      [
        'an alarm on the wrong queue',
        'Resources/ParkedMailAlarm/Properties/Dimensions/0/Value',
        { 'Fn::GetAtt': 'MailQueue.QueueName' },
      ],
    ],
  },
];
