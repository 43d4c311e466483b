/**
 * Takes the messages of a queue aside to look at them, and puts back what is left of them in the end. Meanwhile they are
 * hidden from others; if this process dies, SQS shows them again after ten minutes. Being looked at counts as a receive,
 * which means nothing in a queue that gives no message up.
 */
import {
  ChangeMessageVisibilityBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';

export interface Holding {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  /** Looks at no more messages; what was taken is put back. */
  readonly signal: AbortSignal;
  /** Is shown what has been taken so far, and says whether more is wanted. */
  wantsMore(taken: readonly Message[]): boolean;
}

/** Seconds. */
const hiddenFor = 600;

/** The most that SQS takes in one call. */
const batchSize = 10;

/** Gives the messages of a queue to a function, each once, and puts those back that it did not delete. */
export async function holdMessages<Result>(
  holding: Holding,
  use: (messages: readonly Message[]) => Promise<Result>,
): Promise<Result> {
  const held = new Map<string, Message>();
  try {
    while (!holding.signal.aborted) {
      const received = await receive(holding);
      const before = held.size;
      for (const message of received) held.set(message.MessageId ?? '', message);
      // Nothing new: the queue is empty, or the ten minutes are over and the first ones come again.
      if (held.size === before || !holding.wantsMore([...held.values()])) break;
    }
    return await use([...held.values()]);
  } finally {
    await putBack(holding, [...held.values()]);
  }
}

async function receive({ sqs, queueUrl }: Holding): Promise<readonly Message[]> {
  const request = new ReceiveMessageCommand({
    QueueUrl: queueUrl,
    MaxNumberOfMessages: batchSize,
    VisibilityTimeout: hiddenFor,
    // A long poll asks all of SQS's servers, a short one some; so an empty answer means that the queue is empty.
    WaitTimeSeconds: 1,
    MessageSystemAttributeNames: ['All'],
    MessageAttributeNames: ['All'],
  });
  return (await sqs.send(request)).Messages ?? [];
}

/** A message that was deleted meanwhile is an entry that fails, as it should. */
async function putBack({ sqs, queueUrl }: Holding, messages: readonly Message[]): Promise<void> {
  const entries = messages.map(({ ReceiptHandle }, index) => ({
    Id: String(index),
    ReceiptHandle,
    VisibilityTimeout: 0,
  }));
  for (let start = 0; start < entries.length; start += batchSize) {
    const Entries = entries.slice(start, start + batchSize);
    await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries }));
  }
}
