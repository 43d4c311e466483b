/**
 * The Lambda function. It recognises what it is called with, handles the messages of the queue one after another, and
 * answers which of them stay in the queue. A mail that fails is in that answer and never an error of the invocation;
 * what comes past the queue is sent into it, and there an error is the only way not to lose it.
 */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { DeliveryFailure } from '../core/delivery-status.ts';
import { handleMessage } from './handle-message.ts';
import { logger } from './log.ts';
import { count, publishMetrics } from './metrics.ts';
import { recogniseInvocation } from './notification.ts';
import { forward, park } from './queue.ts';
import { readQueues, readSettings, type Settings } from './settings.ts';

/** What the event source mapping reads: every message that is not named is deleted. */
export interface Answer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

async function handle(event: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<Answer> {
  const queues = readQueues(process.env);
  const settings = settingsOrFailure();
  const invocation = recogniseInvocation(event, () => {
    if (settings instanceof DeliveryFailure) throw settings;
    return settings;
  });
  switch (invocation.kind) {
    case 'queue': {
      const remaining = () => context.getRemainingTimeInMillis();
      const failures: { itemIdentifier: string }[] = [];
      for (const message of invocation.messages) {
        const isDone = await handleMessage(message, { queues, settings, remaining });
        if (!isDone) failures.push({ itemIdentifier: message.id });
      }
      return { batchItemFailures: failures };
    }
    case 'direct':
      for (const notification of invocation.notifications)
        await forward(notification, named(queues.mailQueueUrl, 'SMTP2GS_QUEUE_URL'));
      logger.info('forwarded into the queue', { notifications: invocation.notifications.length });
      break;
    case 'ignored':
      count('Ignored');
      logger.info('ignored', { why: invocation.why });
      break;
    case 'unusable':
      await park(JSON.stringify(event) ?? 'null', invocation.why, named(queues.parkQueueUrl, 'SMTP2GS_PARK_QUEUE_URL'));
      count('Parked');
      logger.warn('parked', { reason: invocation.why });
      break;
  }
  return { batchItemFailures: [] };
}

function settingsOrFailure(): Settings | DeliveryFailure {
  try {
    return readSettings(process.env);
  } catch (error) {
    if (error instanceof DeliveryFailure) return error;
    throw error;
  }
}

function named(url: string | undefined, name: string): string {
  if (url === undefined) throw new DeliveryFailure('config-invalid', `${name} is not set`);
  return url;
}

export const handler = middy(handle)
  .use(injectLambdaContext(logger, { logEvent: false, resetKeys: true }))
  .use({ after: publishMetrics, onError: publishMetrics });
