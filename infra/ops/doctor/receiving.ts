/** Checks of what SES needs to take mail in: verified identities, the receipt rule, the active set, the bucket's policy. */
import { GetBucketPolicyCommand, type S3Client } from '@aws-sdk/client-s3';
import {
  DescribeActiveReceiptRuleSetCommand,
  DescribeReceiptRuleSetCommand,
  GetIdentityVerificationAttributesCommand,
  type ReceiptRule,
  type SESClient,
} from '@aws-sdk/client-ses';
import { at, parsedJson } from '../json.ts';
import type { Stack } from '../stack.ts';
import { inboundPrefix } from '../stored-mail.ts';
import { type Check, type Finding, ill, redeploy, well } from './check.ts';

/** Identities that SES takes in one call. */
const atOnce = 100;

/** Gives the checks, in the order in which they make sense. */
export function receivingChecks(stack: Stack, ses: SESClient, s3: S3Client): Check[] {
  const domains = stack.parameter('RecipientDomains').split(',');
  const sender = stack.parameter('BounceIdentity') || stack.parameter('BounceSender');
  let asked: Promise<Statuses> | undefined;
  // SES takes one call a second: all are asked for at once.
  const identity = async (name: string) => {
    asked ??= identityStatuses(ses, [...domains, sender]);
    return verification(name, await asked, stack);
  };
  return [
    ...domains.map((domain) => ({ name: `identity ${domain}`, look: () => identity(domain) })),
    { name: `bounce sender ${sender}`, look: () => identity(sender) },
    { name: 'bucket policy', look: () => bucketPolicy(stack, s3) },
    { name: 'receipt rule', look: () => receiptRule(stack, ses, domains) },
    { name: 'active rule set', look: () => activeRuleSet(stack, ses) },
  ];
}

/** SES's words by identity; nothing for one that it does not know. */
type Statuses = ReadonlyMap<string, string | undefined>;

async function identityStatuses(ses: SESClient, names: readonly string[]): Promise<Statuses> {
  const all = [...new Set(names.flatMap(standingFor))];
  const statuses = new Map<string, string | undefined>();
  for (let start = 0; start < all.length; start += atOnce) {
    const Identities = all.slice(start, start + atOnce);
    const { VerificationAttributes = {} } = await ses.send(
      new GetIdentityVerificationAttributesCommand({ Identities }),
    );
    for (const [name, { VerificationStatus }] of Object.entries(VerificationAttributes))
      statuses.set(name, VerificationStatus);
  }
  return statuses;
}

/** A verified domain stands for those below it, and for its addresses. */
function standingFor(name: string): string[] {
  const labels = name.slice(name.lastIndexOf('@') + 1).split('.');
  return [name, ...labels.slice(0, -1).map((_, index) => labels.slice(index).join('.'))];
}

function verification(name: string, statuses: Statuses, { region }: Stack): Finding {
  const verified = standingFor(name).find((each) => statuses.get(each) === 'Success');
  if (verified !== undefined) return well(verified === name ? 'verified' : `verified as ${verified}`);
  const status = statuses.get(name);
  const domain = name.slice(name.lastIndexOf('@') + 1);
  return ill(
    status === undefined ? `SES knows no such identity in ${region}` : `not verified (${status})`,
    `aws sesv2 create-email-identity --region ${region} --email-identity ${domain}, and publish the DKIM records that it shows`,
  );
}

async function bucketPolicy(stack: Stack, s3: S3Client): Promise<Finding> {
  const bucket = stack.output('MailBucketName');
  const policy = await s3.send(new GetBucketPolicyCommand({ Bucket: bucket })).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'NoSuchBucketPolicy') return undefined;
    throw error;
  });
  const statements = [at(parsedJson(policy?.Policy ?? ''), 'Statement') ?? []].flat();
  const allows = statements.some(
    (statement) =>
      at(statement, 'Effect') === 'Allow' &&
      listed(statement, 'Principal', 'Service').includes('ses.amazonaws.com') &&
      listed(statement, 'Action').includes('s3:PutObject') &&
      listed(statement, 'Resource').some((resource) => resource.endsWith(`:${bucket}/${inboundPrefix}*`)),
  );
  return allows ? well(`SES may store mail in ${bucket}`) : ill(`SES may not store mail in ${bucket}`, redeploy);
}

/** A policy may write a list of one as the one. */
function listed(value: unknown, ...path: readonly string[]): string[] {
  return [at(value, ...path)].flat().filter((each) => typeof each === 'string');
}

async function receiptRule(stack: Stack, ses: SESClient, domains: readonly string[]): Promise<Finding> {
  const set = stack.output('RuleSetName');
  const name = stack.output('RuleName');
  const { Rules = [] } = await ses.send(new DescribeReceiptRuleSetCommand({ RuleSetName: set }));
  const rule = Rules.find(({ Name }) => Name === name);
  if (!rule) return ill(`rule ${name} is not in rule set ${set}`, redeploy);
  const differs = difference(rule, stack, domains);
  return differs === undefined
    ? well(`${name} in ${set} stores and announces mail for ${domains.join(', ')}`)
    : ill(`rule ${name} ${differs}`, redeploy);
}

function difference(rule: ReceiptRule, stack: Stack, domains: readonly string[]): string | undefined {
  if (!rule.Enabled) return 'is switched off';
  if (!rule.ScanEnabled) return 'does not scan for spam and viruses';
  const taken = rule.Recipients ?? [];
  const missing = domains.filter((domain) => !taken.includes(domain));
  if (missing.length > 0) return `does not take mail for ${missing.join(', ')}`;
  const action = rule.Actions?.map(({ S3Action }) => S3Action).find(
    (each) => each?.BucketName === stack.output('MailBucketName'),
  );
  if (!action) return `does not store mail in ${stack.output('MailBucketName')}`;
  if (action.ObjectKeyPrefix !== inboundPrefix)
    return `stores mail below "${action.ObjectKeyPrefix ?? ''}", not ${inboundPrefix}`;
  return action.TopicArn === stack.output('MailTopicArn')
    ? undefined
    : 'does not announce mail to the topic of the stack';
}

async function activeRuleSet(stack: Stack, ses: SESClient): Promise<Finding> {
  const set = stack.output('RuleSetName');
  const active = (await ses.send(new DescribeActiveReceiptRuleSetCommand({}))).Metadata?.Name;
  if (active === set) return well(`${set} is active`);
  const command = `npm run activate -- --stack ${stack.name} --region ${stack.region}`;
  return active === undefined
    ? ill('no rule set is active: SES takes no mail in', command)
    : ill(
        `${active} is active, not ${set}: SES takes no mail in for this stack`,
        `${command} says how to put the rule into it`,
      );
}
