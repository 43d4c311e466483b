/**
 * The SNS service: topics that bring what is published to SQS queues, raw or in SNS's envelope. A queue that is not
 * there costs the subscription's own dead-letter queue, if it has one. No other protocols, no filters, no signatures.
 */
import { randomUUID } from 'node:crypto';
import { AwsError } from './aws-error.ts';
import type { Queue } from './sqs-queue.ts';
import { redrivePolicy } from './sqs-redrive-policy.ts';
import { type AwsService, members, queryService } from './wire.ts';

interface Subscription {
  arn: string;
  topicArn: string;
  /** The ARN of the queue. */
  endpoint: string;
  attributes: Record<string, string>;
}

export interface Sns {
  service: AwsService;
  createTopic(name: string): string;
  subscribe(topicArn: string, endpoint: string, attributes: Record<string, string>): string;
}

/** Starts the service; `queue` finds a queue by its ARN. */
export function createSns(options: {
  region: string;
  account: string;
  now: () => number;
  queue: (arn: string) => Queue | undefined;
}): Sns {
  const topics = new Set<string>();
  const subscriptions: Subscription[] = [];
  const createTopic = (name: string) => {
    const arn = `arn:aws:sns:${options.region}:${options.account}:${name}`;
    topics.add(arn);
    return arn;
  };
  const existing = (form: URLSearchParams, name: string) => {
    const arn = form.get(name) ?? '';
    if (!topics.has(arn)) throw new AwsError('NotFound', 'Topic does not exist', 404);
    return arn;
  };
  const subscribe = (topicArn: string, endpoint: string, attributes: Record<string, string>) => {
    const arn = `${topicArn}:${randomUUID()}`;
    subscriptions.push({ arn, topicArn, endpoint, attributes });
    return arn;
  };

  function publish(form: URLSearchParams): string {
    const topicArn = existing(form, form.has('TargetArn') ? 'TargetArn' : 'TopicArn');
    const message = form.get('Message') ?? '';
    if (message === '') throw new AwsError('InvalidParameter', 'Invalid parameter: Empty message');
    if (Buffer.byteLength(message) > 262_144)
      throw new AwsError('InvalidParameter', 'Invalid parameter: Message too long');
    const id = randomUUID();
    const envelope = {
      Type: 'Notification',
      MessageId: id,
      TopicArn: topicArn,
      ...(form.has('Subject') && { Subject: form.get('Subject') }),
      Message: message,
      Timestamp: new Date(options.now()).toISOString(),
      SignatureVersion: '1',
      Signature: 'EXAMPLE',
      SigningCertURL: `https://sns.${options.region}.amazonaws.com/example.pem`,
      UnsubscribeURL: `https://sns.${options.region}.amazonaws.com/?Action=Unsubscribe`,
    };
    for (const { endpoint, attributes } of subscriptions.filter((subscription) => subscription.topicArn === topicArn)) {
      const queue = options.queue(endpoint) ?? options.queue(redrivePolicy(attributes)?.target ?? '');
      queue?.send(attributes.RawMessageDelivery === 'true' ? message : JSON.stringify(envelope));
    }
    return id;
  }

  const service = queryService('http://sns.amazonaws.com/doc/2010-03-31/', {
    CreateTopic: (form) => ({ TopicArn: createTopic(form.get('Name') ?? '') }),
    ListTopics: () => ({ Topics: [...topics].map((TopicArn) => ({ TopicArn })) }),
    Subscribe: (form) => {
      const topicArn = existing(form, 'TopicArn');
      if (form.get('Protocol') !== 'sqs')
        throw new AwsError('InvalidParameter', 'the local stack has only sqs subscriptions');
      const entries = members(form, 'Attributes', 'entry').map((entry) => [
        entry.get('key') ?? '',
        entry.get('value') ?? '',
      ]);
      return { SubscriptionArn: subscribe(topicArn, form.get('Endpoint') ?? '', Object.fromEntries(entries)) };
    },
    ListSubscriptionsByTopic: (form) => {
      const topicArn = existing(form, 'TopicArn');
      const found = subscriptions.filter((subscription) => subscription.topicArn === topicArn);
      const row = ({ arn, endpoint }: Subscription) => ({
        SubscriptionArn: arn,
        TopicArn: topicArn,
        Endpoint: endpoint,
        Protocol: 'sqs',
      });
      return { Subscriptions: found.map(row) };
    },
    Publish: (form) => ({ MessageId: publish(form) }),
  });
  return { service, createTopic, subscribe };
}
