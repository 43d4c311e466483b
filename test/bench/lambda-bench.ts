/**
 * The built Lambda behind a Runtime API, with an AWS and a GroupServer that only answer, each in a process of its own.
 */
import { createLambdaFunction } from '../../infra/local/lambda-function.ts';
import { type LambdaOptions, type LambdaProcess, startLambdaProcess } from '../../infra/local/lambda-process.ts';
import type { Context } from './context.ts';
import { type HelperProcess, startHelper } from './helper-process.ts';
import { recipient } from './workshop.ts';

/** Bytes. SES takes 40 MB. */
export const largeMail = 40 * 1000 * 1000;
const smallMail = 5100;

export interface LambdaBench {
  /** Starts one execution environment; `other` names another bundle, another runtime, or who gets its output. */
  start(other?: Partial<Pick<LambdaOptions, 'taskRoot' | 'command' | 'onLine'>>): Promise<LambdaProcess>;
  /** An event with one mail that was not delivered before. */
  event(kind: 'small' | 'large'): unknown;
  /** Delivers so many small mails, one in each event, with a process for each that is at work. */
  deliver(mails: number, atOnce: number): Promise<{ mails: number; perSecond: number; rss: number; failed: number }>;
  stop(): Promise<void>;
}

/** Starts what the Lambda needs around it. */
export async function openLambdaBench({ workshop, server }: Context): Promise<LambdaBench> {
  const aws = await startHelper('aws-stand-in.ts', [await workshop.mail(smallMail), await workshop.mail(largeMail)]);
  const options = optionsOf(workshop.artefact('ses2gs') ?? '', aws, server.http);
  const lambda = createLambdaFunction(options);
  let count = 0;
  const event = (kind: 'small' | 'large') => {
    count += 1;
    return sqsEvent(`bench-${kind}-${process.pid}-${count}`);
  };
  return {
    start: (other = {}) => startLambdaProcess({ ...options, ...other }),
    event,
    async deliver(mails, atOnce) {
      let left = mails;
      let failed = 0;
      let rss = 0;
      const work = async () => {
        while (left > 0) {
          left -= 1;
          const ended = await lambda.invoke(event('small'));
          if (!isDelivered(ended)) failed += 1;
          rss = Math.max(rss, ended.maxMemoryMiB);
        }
      };
      const begun = performance.now();
      await Promise.all(Array.from({ length: atOnce }, work));
      return { mails, perSecond: (mails - failed) / ((performance.now() - begun) / 1000), rss, failed };
    },
    async stop() {
      await lambda.stop();
      await aws.stop();
    },
  };
}

/** Whether nothing of the event stays in the queue. */
export function isDelivered({ payload, functionError }: { payload?: unknown; functionError?: unknown }): boolean {
  return functionError === undefined && JSON.stringify(payload) === '{"batchItemFailures":[]}';
}

function optionsOf(taskRoot: string, aws: HelperProcess, port: number): LambdaOptions {
  const endpoint = `http://127.0.0.1:${aws.figure('port')}`;
  const services = ['S3', 'SQS', 'DYNAMODB', 'SSM', 'SECRETS_MANAGER', 'SES'];
  return {
    taskRoot,
    handler: 'index.handler',
    functionName: 'bench',
    memoryMiB: 512,
    timeoutSeconds: 60,
    now: Date.now,
    onLine: () => undefined,
    environment: {
      // Nothing of the machine's own, which may be slow; see runner.ts.
      PATH: '/usr/bin:/bin',
      SMTP2GS_SITES: JSON.stringify({ 'groups.example.com': { url: `http://127.0.0.1:${port}` } }),
      SMTP2GS_CONFIG_PARAMETER: '/bench/gsconfig.ini',
      SMTP2GS_BUCKET: 'bench',
      SMTP2GS_PREFIX: 'inbound/',
      SMTP2GS_QUEUE_URL: `${endpoint}/000000000000/mail`,
      SMTP2GS_PARK_QUEUE_URL: `${endpoint}/000000000000/park`,
      SMTP2GS_LEDGER_TABLE: 'ledger',
      SMTP2GS_BOUNCE_SENDER: 'mailer-daemon@groups.example.com',
      SMTP2GS_EXPIRY_ACTION: 'park',
      SMTP2GS_SPAM_ACTION: 'quarantine',
      SMTP2GS_MAX_SIZE_MIB: '40',
      SMTP2GS_TIME_SOURCE: 'server',
      SMTP2GS_TIMEOUT_SECONDS: '30',
      ...Object.fromEntries(services.map((service) => [`AWS_ENDPOINT_URL_${service}`, endpoint])),
    },
  };
}

/** A raw SES notification in a message of the queue, as the template delivers it. */
function sqsEvent(messageId: string): unknown {
  const timestamp = new Date().toISOString();
  const pass = { status: 'PASS' };
  const notification = {
    notificationType: 'Received',
    mail: {
      timestamp,
      source: 'ada@example.com',
      messageId,
      destination: [recipient],
      headersTruncated: false,
      headers: [],
    },
    receipt: {
      timestamp,
      recipients: [recipient],
      spamVerdict: pass,
      virusVerdict: pass,
      spfVerdict: pass,
      dkimVerdict: pass,
      dmarcVerdict: pass,
      action: { type: 'S3', bucketName: 'bench', objectKeyPrefix: 'inbound/', objectKey: `inbound/${messageId}` },
    },
  };
  const record = {
    messageId,
    receiptHandle: messageId,
    body: JSON.stringify(notification),
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: String(Date.now()),
      ApproximateFirstReceiveTimestamp: String(Date.now()),
    },
    messageAttributes: {},
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:mail',
    awsRegion: 'us-east-1',
  };
  return { Records: [record] };
}
