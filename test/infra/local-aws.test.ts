/** The smaller services of the local stack's AWS endpoint: DynamoDB, SNS, CloudFormation; and what it answers to strangers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, GetItemCommand, PutItemCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { CreateTopicCommand, PublishCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clientConfig } from '../../infra/local/aws.ts';
import { createClock } from '../../infra/local/clock.ts';
import { type Cloud, startCloud } from '../../infra/local/cloud.ts';
import { names } from '../../infra/local/deployed-stack.ts';

let folder: string;
let cloud: Cloud;
const clients: { destroy(): void }[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'smtp2gs-aws-'));
  const clock = createClock(join(folder, 'clock'));
  cloud = await startCloud({ clock, folder, keep: false, domains: ['groups.example.com'], config: '' });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await cloud.stop();
  rmSync(folder, { recursive: true });
});
const open = <Client extends { destroy(): void }>(client: Client): Client => {
  clients.push(client);
  return client;
};

test('DynamoDB: a conditional write, faults, and a write that was done though nobody heard of it', async () => {
  const dynamodb = open(new DynamoDBClient({ ...clientConfig(cloud.url), maxAttempts: 1 }));
  const TableName = names.table;
  const put = (id: string) =>
    dynamodb.send(
      new PutItemCommand({ TableName, Item: { id: { S: id } }, ConditionExpression: 'attribute_not_exists(id)' }),
    );
  await put('one');
  await expect(put('one')).rejects.toThrow(expect.objectContaining({ name: 'ConditionalCheckFailedException' }));
  cloud.faults.next('dynamodb', { operation: 'PutItem', code: 'ProvisionedThroughputExceededException' });
  await expect(put('two')).rejects.toThrow(expect.objectContaining({ name: 'ProvisionedThroughputExceededException' }));
  cloud.faults.next('dynamodb', { operation: 'PutItem', cutAfter: 0 });
  await expect(put('two')).rejects.toThrow(/hang up|ECONNRESET/);
  expect((await dynamodb.send(new GetItemCommand({ TableName, Key: { id: { S: 'two' } } }))).Item).toBeDefined();
  const TimeToLiveSpecification = { AttributeName: 'expiration', Enabled: true };
  await dynamodb.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
});

test('SNS: raw delivery brings the message itself, otherwise it stands in an envelope', async () => {
  const sns = open(new SNSClient(clientConfig(cloud.url)));
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'other' }));
  const subscribe = (Endpoint: string, Attributes: Record<string, string>) =>
    sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint, Attributes }));
  await subscribe(cloud.mailQueue.arn, { RawMessageDelivery: 'true' });
  await subscribe(cloud.parkQueue.arn, {});
  const deadLetterTargetArn = cloud.undeliveredNoticeQueue.arn;
  await subscribe(`${cloud.mailQueue.arn}-gone`, {
    RawMessageDelivery: 'true',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn }),
  });
  await sns.send(new PublishCommand({ TopicArn, Message: '{"a":"ü & <b>"}', Subject: 'S' }));
  const [raw, wrapped, undelivered] = [cloud.mailQueue, cloud.parkQueue, cloud.undeliveredNoticeQueue].map((queue) =>
    queue.contents().map(({ body }) => body),
  );
  expect(raw).toEqual(['{"a":"ü & <b>"}']);
  expect(undelivered).toEqual(raw);
  expect(JSON.parse(wrapped?.[0] ?? '')).toMatchObject({
    Type: 'Notification',
    TopicArn,
    Subject: 'S',
    Message: raw?.[0],
  });
});

test('CloudFormation: operator scripts find queues, bucket and rule by the outputs of the stack', async () => {
  const cloudformation = open(new CloudFormationClient(clientConfig(cloud.url)));
  const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName: names.stack }));
  const outputs = new Map(Stacks?.[0]?.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  expect(outputs.get('MailQueueUrl')).toBe(cloud.queueUrl(cloud.mailQueue));
  expect(outputs.get('ParkQueueArn')).toBe(cloud.parkQueue.arn);
  const other = cloudformation.send(new DescribeStacksCommand({ StackName: 'other' }));
  await expect(other).rejects.toThrow('Stack with id other does not exist');
});

test('a request that is not signed is refused, and so is a service that is not there', async () => {
  expect((await fetch(cloud.url)).status).toBe(403);
  const authorization = 'AWS4-HMAC-SHA256 Credential=local/20261122/us-east-1/monitoring/aws4_request';
  expect((await fetch(cloud.url, { headers: { authorization } })).status).toBe(501);
});
