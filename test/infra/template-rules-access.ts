/**
 * Who may do what: the rules about policies, encryption and secrets that cfn-lint does not know.
 */

import { at, entries, list, text, type Value } from './template-read.ts';
import { ofType, properties, type Stack } from './template-resolve.ts';
import { check, type Rule } from './template-rule.ts';

type Statement = { where: string; statement: Value };

const resourcePolicies = (stack: Stack): Statement[] =>
  ['AWS::S3::BucketPolicy', 'AWS::SNS::TopicPolicy', 'AWS::SQS::QueuePolicy']
    .flatMap((type) => ofType(stack, type))
    .flatMap(({ id, properties: policy }) => statements(id, at(policy, 'PolicyDocument')));

const trustPolicies = (stack: Stack): Statement[] =>
  ofType(stack, 'AWS::IAM::Role').flatMap(({ id, properties: role }) =>
    statements(id, at(role, 'AssumeRolePolicyDocument')),
  );

const rolePolicies = (stack: Stack): Statement[] =>
  ofType(stack, 'AWS::IAM::Role').flatMap(({ id, properties: role }) =>
    list(at(role, 'Policies')).flatMap((policy) => statements(id, at(policy, 'PolicyDocument'))),
  );

const statements = (id: string, document: Value | undefined): Statement[] =>
  list(at(document, 'Statement')).map((statement) => ({ where: `${id}/${text(at(statement, 'Sid'))}`, statement }));

/** The values of a condition key whatever its operator and letter case, among the operators that bind at all. */
const boundTo = (statement: Value, wanted: string): string[] =>
  ['StringEquals', 'ArnEquals'].flatMap((operator) =>
    entries(at(statement, 'Condition', operator))
      .filter(([key]) => key.toLowerCase() === wanted.toLowerCase())
      .flatMap(([, value]) => list(value).map(text)),
  );

const isBound = (statement: Value, wanted: string): boolean => {
  const values = boundTo(statement, wanted);
  return values.length > 0 && values.every((value) => value !== '' && !value.includes('*'));
};

const allows = ({ statement }: Statement): boolean => at(statement, 'Effect') === 'Allow';

/** Everything, or everything in a bucket; `bucket/inbound/*` is not. */
const isTooWide = (resource: string): boolean =>
  resource.includes('*') && !/^<MailBucket\.Arn>\/(inbound|quarantine)\/\*$/.test(resource);

/** Every Allow of the role, `action on resource`; the whole of what the function may do. */
export const permissions = (stack: Stack): string[] =>
  rolePolicies(stack)
    .filter(allows)
    .flatMap(({ statement }) =>
      list(at(statement, 'Action')).flatMap((action) =>
        list(at(statement, 'Resource')).map((resource) => `${text(action)} on ${text(resource)}`),
      ),
    );

const rolePolicy = 'Resources/Ses2gsRole/Properties/Policies/0/PolicyDocument/Statement';

/** `bucket/*`. */
const everyObject: Value = { 'Fn::Join': ['', [{ 'Fn::GetAtt': 'MailBucket.Arn' }, '/*']] };

export const accessRules: Rule[] = [
  {
    says: 'lets a service in only for the one resource of ours that it acts for (SourceArn)',
    problems: (stack) => [
      ...resourcePolicies(stack)
        .filter((entry) => allows(entry) && at(entry.statement, 'Principal', 'Service') !== undefined)
        .filter(({ statement }) => !isBound(statement, 'AWS:SourceArn'))
        .map(({ where }) => `${where} is not bound to an AWS:SourceArn`),
      // A role cannot be handed to a service by another account, and the function does not exist yet: the account is enough.
      ...trustPolicies(stack)
        .filter(({ statement }) => !isBound(statement, 'AWS:SourceAccount'))
        .map(({ where }) => `${where} is not bound to an AWS:SourceAccount`),
    ],
    noticed: [
      [
        'the bucket open to every rule of SES',
        'Resources/MailBucketPolicy/Properties/PolicyDocument/Statement/0/Condition',
        undefined,
      ],
      [
        'the bucket open to every rule of the set',
        'Resources/MailBucketPolicy/Properties/PolicyDocument/Statement/0/Condition/StringEquals/AWS:SourceArn',
        'arn:aws:ses:us-east-1:111122223333:receipt-rule-set/*',
      ],
      [
        'the topic bound to the account only',
        'Resources/MailTopicPolicy/Properties/PolicyDocument/Statement/0/Condition/StringEquals/AWS:SourceArn',
        undefined,
      ],
      [
        'the queue open to every topic',
        'Resources/MailQueuePolicy/Properties/PolicyDocument/Statement/0/Condition',
        undefined,
      ],
      [
        'a role that another account could use',
        'Resources/Ses2gsRole/Properties/AssumeRolePolicyDocument/Statement/0/Condition',
        undefined,
      ],
    ],
  },
  {
    says: 'allows nobody everything: no Principal *, no wildcard action, no Resource * but for the VPC, no managed policy',
    problems: (stack) => [
      ...[...resourcePolicies(stack), ...trustPolicies(stack)]
        .filter((entry) => allows(entry) && at(entry.statement, 'Principal', 'Service') === undefined)
        .map(({ where }) => `${where} lets in somebody other than a service`),
      ...[...resourcePolicies(stack), ...rolePolicies(stack)]
        .filter(allows)
        .flatMap(({ where, statement }) => [
          ...check(
            !list(at(statement, 'Action')).some((action) => text(action).includes('*')),
            `${where} allows a wildcard action`,
          ),
          ...check(
            !list(at(statement, 'Resource')).some((resource) => isTooWide(text(resource))) ||
              where.endsWith('/AttachToTheVpc'),
            `${where} allows its actions on everything`,
          ),
        ]),
      ...ofType(stack, 'AWS::IAM::Role')
        .filter(({ properties: role }) => list(at(role, 'ManagedPolicyArns')).length > 0)
        .map(({ id }) => `${id} has a managed policy, which nobody here has read`),
    ],
    noticed: [
      ['an action with a wildcard', `${rolePolicy}/Sid=KeepTheLedger/Action`, 'dynamodb:*'],
      ['a bounce from any identity', `${rolePolicy}/Sid=Bounce/Resource`, '*'],
      ['reading every object of the bucket', `${rolePolicy}/Sid=ReadMail/Resource`, everyObject],
      ['a public queue', 'Resources/MailQueuePolicy/Properties/PolicyDocument/Statement/0/Principal', '*'],
      [
        'a managed policy',
        'Resources/Ses2gsRole/Properties/ManagedPolicyArns',
        ['arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole'],
      ],
    ],
  },
  {
    says: 'keeps the bucket private, encrypted and closed to plain HTTP, and lets SES write below inbound/ only',
    problems: (stack) => {
      const bucket = properties(stack, 'MailBucket');
      const policy = at(properties(stack, 'MailBucketPolicy'), 'PolicyDocument');
      const deny = list(at(policy, 'Statement')).find((statement) => at(statement, 'Effect') === 'Deny');
      const put = list(at(policy, 'Statement')).find((statement) => at(statement, 'Action') === 's3:PutObject');
      const open = ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'].filter(
        (name) => at(bucket, 'PublicAccessBlockConfiguration', name) !== true,
      );
      const encryption = [
        'BucketEncryption',
        'ServerSideEncryptionConfiguration',
        '0',
        'ServerSideEncryptionByDefault',
        'SSEAlgorithm',
      ];
      return [
        ...open.map((name) => `${name} is not on`),
        ...check(text(at(bucket, ...encryption)) !== '', 'the bucket is not encrypted'),
        ...check(
          at(deny, 'Condition', 'Bool', 'aws:SecureTransport') === 'false' &&
            at(deny, 'Principal') === '*' &&
            list(at(deny, 'Resource')).length === 2,
          'the bucket takes requests without TLS',
        ),
        ...check(at(put, 'Resource') === '<MailBucket.Arn>/inbound/*', 'SES may write elsewhere than below inbound/'),
      ];
    },
    noticed: [
      ['a public bucket', 'Resources/MailBucket/Properties/PublicAccessBlockConfiguration/BlockPublicPolicy', false],
      ['a bucket without encryption', 'Resources/MailBucket/Properties/BucketEncryption', undefined],
      [
        'a bucket that speaks plain HTTP',
        'Resources/MailBucketPolicy/Properties/PolicyDocument/Statement/Sid=RefuseWithoutTls',
        undefined,
      ],
      [
        'SES writing everywhere',
        'Resources/MailBucketPolicy/Properties/PolicyDocument/Statement/0/Resource',
        everyObject,
      ],
    ],
  },
  {
    says: 'encrypts only with what SES and the function can read: no client-side key in the rule, no AWS-managed key on the topic',
    problems: (stack) => [
      ...list(at(properties(stack, 'ReceiptRule'), 'Rule', 'Actions'))
        .filter((action) => at(action, 'S3Action', 'KmsKeyArn') !== undefined)
        .map(() => 'the rule encrypts on the client side, which nothing in JavaScript reads'),
      ...check(
        at(properties(stack, 'MailTopic'), 'KmsMasterKeyId') === undefined,
        'SES cannot publish to an encrypted topic',
      ),
    ],
    noticed: [
      [
        'client-side encryption',
        'Resources/ReceiptRule/Properties/Rule/Actions/0/S3Action/KmsKeyArn',
        { Ref: 'ConfigKeyArn' },
      ],
      ['a topic under alias/aws/sns', 'Resources/MailTopic/Properties/KmsMasterKeyId', 'alias/aws/sns'],
    ],
  },
];
