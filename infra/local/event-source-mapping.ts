/**
 * The event source mapping between queue and function: long polls, at most so many invocations at once, and the rules
 * of partial batch answers. Deleted is what the answer does not name; a function error, or an answer that names a
 * message it was not given, deletes nothing, and SQS shows the messages again when their visibility timeout is over.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { list, text } from './aws/input.ts';
import type { Invocation } from './lambda-process.ts';

export interface EventSourceMapping {
  readonly uuid: string;
  readonly eventSourceArn: string;
  readonly functionName: string;
  readonly batchSize: number;
  readonly maximumConcurrency: number;
  enabled(): boolean;
  /** SQS's ids of the messages that the function is working on. */
  underWay(): ReadonlySet<string | undefined>;
  enable(): void;
  /** Takes no more messages; what is under way goes on. */
  disable(): void;
  /** Takes no more messages, and waits for what is under way. */
  stop(): Promise<void>;
}

/** Starts the pollers. */
export function startEventSourceMapping(options: {
  sqs: SQSClient;
  queueUrl: string;
  queueArn: string;
  functionName: string;
  region: string;
  invoke: (event: unknown) => Promise<Invocation>;
  batchSize?: number;
  maximumConcurrency?: number;
  enabled?: boolean;
}): EventSourceMapping {
  const { sqs, queueUrl, queueArn, functionName, region, batchSize = 1, maximumConcurrency = 4 } = options;
  let polling: AbortController | undefined;
  const pollers = new Set<Promise<void>>();
  const underWay = new Set<string | undefined>();

  async function poll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const request = new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: batchSize,
          WaitTimeSeconds: 20,
          MessageSystemAttributeNames: ['All'],
          MessageAttributeNames: ['All'],
        });
        const { Messages = [] } = await sqs.send(request, { abortSignal: signal });
        if (Messages.length > 0) await process(Messages);
      } catch {
        // The queue cannot be reached, or a delete failed: the messages come again.
        if (!signal.aborted) await delay(500, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async function process(messages: Message[]): Promise<void> {
    const ids = messages.map(({ MessageId }) => MessageId);
    for (const id of ids) underWay.add(id);
    const event = { Records: messages.map((message) => record(message, queueArn, region)) };
    try {
      const done = finished(messages, await options.invoke(event));
      if (done.length === 0) return;
      const Entries = done.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    } finally {
      for (const id of ids) underWay.delete(id);
    }
  }

  const enable = () => {
    if (polling) return;
    const control = new AbortController();
    polling = control;
    for (let count = 0; count < maximumConcurrency; count += 1) {
      const poller = poll(control.signal).finally(() => pollers.delete(poller));
      pollers.add(poller);
    }
  };
  const disable = () => {
    polling?.abort();
    polling = undefined;
  };
  if (options.enabled !== false) enable();
  return {
    uuid: randomUUID(),
    eventSourceArn: queueArn,
    functionName,
    batchSize,
    maximumConcurrency,
    enabled: () => polling !== undefined,
    underWay: () => underWay,
    enable,
    disable,
    stop: async () => {
      disable();
      await Promise.all(pollers);
    },
  };
}

/** The messages that the function is done with. */
function finished(messages: Message[], { functionError, payload }: Invocation): Message[] {
  if (functionError) return [];
  const failures = list(payload, 'batchItemFailures').map((failure) => text(failure, 'itemIdentifier'));
  const known = new Set(messages.map(({ MessageId }) => MessageId));
  if (failures.some((id) => !id || !known.has(id))) return [];
  return messages.filter(({ MessageId }) => !failures.includes(MessageId));
}

/** A message as it stands in the event. */
function record(message: Message, queueArn: string, region: string): object {
  const attributes: Record<string, object> = {};
  for (const [name, { StringValue: stringValue, DataType: dataType }] of Object.entries(
    message.MessageAttributes ?? {},
  ))
    attributes[name] = { stringValue, stringListValues: [], binaryListValues: [], dataType };
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes,
    messageAttributes: attributes,
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  };
}
