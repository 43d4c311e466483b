/** Checks of what brings stored mail to the function: queues, event source mapping, function; and what is parked. */
import {
  GetEventSourceMappingCommand,
  GetFunctionConfigurationCommand,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { counted } from '../counted.ts';
import { parsedJson, textAt } from '../json.ts';
import { queueDepth } from '../queue-depth.ts';
import type { Stack } from '../stack.ts';
import { type Check, type Finding, ill, redeploy, well } from './check.ts';

export function deliveryChecks(stack: Stack, sqs: SQSClient, lambda: LambdaClient): Check[] {
  const empty = (output: string, what: string, remedy: string) => async () => {
    const { visible, hidden } = await queueDepth(sqs, stack.output(output));
    return visible + hidden === 0 ? well('none') : ill(counted(visible + hidden, what), remedy);
  };
  return [
    { name: 'queue', look: () => queue(stack, sqs, lambda) },
    { name: 'function', look: () => functionState(stack, lambda) },
    { name: 'deliveries', look: () => deliveries(stack, sqs, lambda) },
    { name: 'parked mail', look: empty('ParkQueueUrl', 'parked mail', 'npm run redrive shows why') },
    {
      name: 'undelivered notifications',
      look: empty('UndeliveredNoticeQueueUrl', 'notification', 'npm run redrive -- --undelivered'),
    },
  ];
}

async function queue(stack: Stack, sqs: SQSClient, lambda: LambdaClient): Promise<Finding> {
  const attributesOf = async (output: string) => {
    const request = new GetQueueAttributesCommand({ QueueUrl: stack.output(output), AttributeNames: ['All'] });
    return (await sqs.send(request)).Attributes ?? {};
  };
  const [mail, park, { Timeout = 0 }] = await Promise.all([
    attributesOf('MailQueueUrl'),
    attributesOf('ParkQueueUrl'),
    lambda.send(new GetFunctionConfigurationCommand({ FunctionName: stack.output('FunctionName') })),
  ]);
  const visibility = Number(mail['VisibilityTimeout']);
  if (visibility < 6 * Timeout) {
    return ill(
      `the visibility timeout of ${visibility} s is below 6 × the function's ${Timeout} s: mail would be delivered twice`,
      redeploy,
    );
  }
  const target = textAt(parsedJson(mail['RedrivePolicy'] ?? ''), 'deadLetterTargetArn');
  if (target !== stack.output('ParkQueueArn')) return ill('what it gives up does not go to the ParkQueue', redeploy);
  const [kept, parkedFor] = [mail, park].map((attributes) => Number(attributes['MessageRetentionPeriod']));
  if (kept === undefined || parkedFor === undefined || kept >= parkedFor) {
    return ill('it keeps mail as long as the ParkQueue does, so that parked mail would be gone at once', redeploy);
  }
  return well(`visibility timeout ${visibility} s for a function of ${Timeout} s; gives up to the ParkQueue`);
}

async function functionState(stack: Stack, lambda: LambdaClient): Promise<Finding> {
  const FunctionName = stack.output('FunctionName');
  const { State, StateReason, LastUpdateStatus, LastUpdateStatusReason, Runtime } = await lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName }),
  );
  // Lambda puts a function to sleep that has not been needed for weeks; the next mail wakes it.
  if (State !== 'Active' && State !== 'Inactive')
    return ill(`is ${State ?? 'unknown'}: ${StateReason ?? 'no reason given'}`, 'look at it in the console of Lambda');
  if (LastUpdateStatus === 'Failed')
    return ill(`the last deployment of it failed: ${LastUpdateStatusReason ?? 'no reason given'}`, 'deploy again');
  return well(`${FunctionName} is there (${Runtime ?? 'unknown runtime'})`);
}

async function deliveries(stack: Stack, sqs: SQSClient, lambda: LambdaClient): Promise<Finding> {
  const mapping = await lambda.send(new GetEventSourceMappingCommand({ UUID: stack.output('EventSourceMappingId') }));
  const { visible, hidden } = await queueDepth(sqs, stack.output('MailQueueUrl'));
  const waiting = `${counted(visible, 'mail')} to be tried, ${hidden} being tried or waiting for the next try`;
  if (mapping.State !== 'Enabled')
    return ill(`the event source mapping is ${mapping.State ?? 'unknown'}; ${waiting}`, 'npm run resume');
  if (!mapping.FunctionResponseTypes?.includes('ReportBatchItemFailures')) {
    return ill('the event source mapping does not ask which mail failed: failed mail would be lost', redeploy);
  }
  if (mapping.LastProcessingResult?.startsWith('PROBLEM'))
    return ill(mapping.LastProcessingResult, 'read the log of the function');
  return well(`running; ${waiting}`);
}
