/** What the local stack tells operator scripts of itself: the outputs and parameters of infra/template.yaml. */
import type { DeployedStack } from './aws/cloudformation.ts';
import { account, region } from './aws.ts';

/** The names of what the template makes. */
export const names = {
  stack: 'smtp2gs',
  functionName: 'smtp2gs-Ses2gs',
  bucket: 'smtp2gs-mail',
  prefix: 'inbound/',
  topic: 'smtp2gs-MailTopic',
  mailQueue: 'smtp2gs-MailQueue',
  parkQueue: 'smtp2gs-ParkQueue',
  undeliveredNoticeQueue: 'smtp2gs-UndeliveredNoticeQueue',
  table: 'smtp2gs-LedgerTable',
  configParameter: '/smtp2gs/gsconfig.ini',
  configSecret: 'smtp2gs/gsconfig.ini',
  ruleSet: 'smtp2gs',
} as const;

/** The stack as DescribeStacks shows it; `url` is the endpoint, `mappingId` the event source mapping. */
export function deployedStack(url: string, domains: string[], sites: string, mappingId: string): DeployedStack {
  const queueUrl = (name: string) => `${url}/${account}/${name}`;
  const queueArn = (name: string) => `arn:aws:sqs:${region}:${account}:${name}`;
  return {
    name: names.stack,
    outputs: {
      MxRecord: `10 inbound-smtp.${region}.amazonaws.com`,
      RuleSetName: names.ruleSet,
      RuleName: names.ruleSet,
      MailBucketName: names.bucket,
      MailTopicArn: `arn:aws:sns:${region}:${account}:${names.topic}`,
      MailQueueUrl: queueUrl(names.mailQueue),
      MailQueueArn: queueArn(names.mailQueue),
      ParkQueueUrl: queueUrl(names.parkQueue),
      ParkQueueArn: queueArn(names.parkQueue),
      UndeliveredNoticeQueueUrl: queueUrl(names.undeliveredNoticeQueue),
      LedgerTableName: names.table,
      FunctionName: names.functionName,
      EventSourceMappingId: mappingId,
    },
    parameters: {
      Name: names.ruleSet,
      RecipientDomains: domains.join(','),
      Sites: sites,
      ConfigParameter: names.configParameter,
      ConfigSecretArn: '',
      BounceSender: `mailer-daemon@${domains[0]}`,
      ExpiryAction: 'park',
      SpamAction: 'quarantine',
    },
  };
}
