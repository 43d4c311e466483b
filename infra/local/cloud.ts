/**
 * The AWS side of the local stack: all emulated services behind one endpoint, and in them what the template makes, with
 * the same settings: bucket, topic, queues, ledger table, configuration parameter, receipt rule.
 */
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient, ResourceInUseException } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { cloudFormationService } from './aws/cloudformation.ts';
import { createDynamoDb } from './aws/dynamodb.ts';
import { createFaults, type Faults } from './aws/faults.ts';
import { lambdaService } from './aws/lambda.ts';
import { s3Service } from './aws/s3.ts';
import { openS3Store, type S3Store } from './aws/s3-store.ts';
import { secretsManagerService } from './aws/secrets-manager.ts';
import { createSes, type Ses } from './aws/ses.ts';
import { createSns } from './aws/sns.ts';
import { createSqs } from './aws/sqs.ts';
import type { Queue } from './aws/sqs-queue.ts';
import { type Parameter, ssmService } from './aws/ssm.ts';
import { type AwsEndpoint, account, clientConfig, region, startAws } from './aws.ts';
import type { Clock } from './clock.ts';
import { deployedStack, names } from './deployed-stack.ts';
import type { EventSourceMapping } from './event-source-mapping.ts';

export { names };

export interface Cloud {
  /** The endpoint of every service. */
  url: string;
  port: number;
  faults: Faults;
  s3: S3Store;
  ses: Ses;
  mailQueue: Queue;
  parkQueue: Queue;
  undeliveredNoticeQueue: Queue;
  parameters: Map<string, Parameter>;
  secrets: Map<string, string>;
  queueUrl(queue: Queue): string;
  /** Clients that make one attempt only: what calls through them has its own way to try again. */
  clients: { s3: S3Client; sns: SNSClient; sqs: SQSClient; dynamodb: DynamoDBClient };
  stop(): Promise<void>;
}

/** Starts the services on the state in `folder`. */
export async function startCloud(options: {
  port?: number;
  clock: Clock;
  folder: string;
  /** Keeps the ledger on disk as well. */
  keep: boolean;
  /** The domains whose mail SES takes in. */
  domains: string[];
  /** The text of `gsconfig.ini`, put into the SSM parameter and the secret. */
  config: string;
  bouncesPerSecond?: number;
  /** The value of SMTP2GS_SITES. */
  sites?: string;
  /** The event source mappings, as soon as there are any. */
  mappings?: () => EventSourceMapping[];
}): Promise<Cloud> {
  const { clock, folder, domains, config } = options;
  const place = { region, account };
  const faults = createFaults();
  const sqs = createSqs({ ...place, clock, folder: join(folder, 'sqs') });
  const sns = createSns({ ...place, now: clock.now, queue: sqs.queue });
  const s3 = openS3Store(join(folder, 's3'), clock.now);
  const limit = options.bouncesPerSecond === undefined ? {} : { bouncesPerSecond: options.bouncesPerSecond };
  const ses = createSes({ region, clock, folder: join(folder, 'ses'), identities: domains, ...limit });
  const dynamodb = createDynamoDb(options.keep ? join(folder, 'dynamodb') : undefined);
  const parameters = new Map<string, Parameter>();
  const secrets = new Map<string, string>();

  const mappings = options.mappings ?? (() => []);
  const services = {
    cloudformation: cloudFormationService(() =>
      deployedStack(aws.url, domains, options.sites ?? '{}', mappings()[0]?.uuid ?? ''),
    ),
    s3: s3Service(s3),
    sns: sns.service,
    sqs: sqs.service,
    dynamodb: dynamodb.service,
    ssm: ssmService(parameters, clock.now),
    secretsmanager: secretsManagerService(secrets, place),
    ses: ses.service,
    lambda: lambdaService(mappings, place),
  };
  const port = options.port === undefined ? {} : { port: options.port };
  const aws: AwsEndpoint = await startAws({ faults, services, ...port });

  const fortnight = { MessageRetentionPeriod: '1209600' };
  const parkQueue = sqs.createQueue(names.parkQueue, fortnight);
  const undeliveredNoticeQueue = sqs.createQueue(names.undeliveredNoticeQueue, fortnight);
  const mailQueue = sqs.createQueue(names.mailQueue, {
    MessageRetentionPeriod: '345600',
    VisibilityTimeout: '1080',
    ReceiveMessageWaitTimeSeconds: '20',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: parkQueue.arn, maxReceiveCount: 100 }),
  });
  const topicArn = sns.createTopic(names.topic);
  sns.subscribe(topicArn, mailQueue.arn, {
    RawMessageDelivery: 'true',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: undeliveredNoticeQueue.arn }),
  });
  s3.createBucket(names.bucket);
  parameters.set(names.configParameter, { type: 'SecureString', value: config, version: 1 });
  secrets.set(names.configSecret, config);
  const rule = {
    name: names.ruleSet,
    enabled: true,
    recipients: domains,
    bucket: names.bucket,
    prefix: names.prefix,
    topicArn,
  };
  ses.rules.sets.set(names.ruleSet, [rule]);
  ses.rules.active = names.ruleSet;

  const once = { ...clientConfig(aws.url), maxAttempts: 1 };
  const clients = {
    s3: new S3Client({ ...once, forcePathStyle: true, logger: silent }),
    sns: new SNSClient(once),
    sqs: new SQSClient(once),
    dynamodb: new DynamoDBClient(once),
  };
  await createLedger(clients.dynamodb);
  return {
    url: aws.url,
    port: aws.port,
    faults,
    s3,
    ses,
    mailQueue,
    parkQueue,
    undeliveredNoticeQueue,
    parameters,
    secrets,
    queueUrl: ({ name }) => `${aws.url}/${account}/${name}`,
    clients,
    stop: async () => {
      for (const client of Object.values(clients)) client.destroy();
      await aws.stop();
      await dynamodb.stop();
    },
  };
}

/** The SDK would print that a stream cannot be sent twice; who uses these clients opens a new one. */
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

async function createLedger(client: DynamoDBClient): Promise<void> {
  const table = new CreateTableCommand({
    TableName: names.table,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  });
  await client.send(table).catch((error: unknown) => {
    if (!(error instanceof ResourceInUseException)) throw error; // a kept stack has it already
  });
}
