/**
 * The attributes of a queued message by which the operator scripts and the function speak to each other; their meaning
 * stands in functions/ses2gs/notification.ts. A test compares the two.
 */
import type { MessageAttributeValue } from '@aws-sdk/client-sqs';

/** Why the function parked the message. */
export const reasonAttribute = 'smtp2gs-reason';
/** `1`: verdicts are passed over. */
export const releaseAttribute = 'smtp2gs-release';
/** The ledger is passed over, once for each value. */
export const againAttribute = 'smtp2gs-again';

export function stringAttribute(value: string): MessageAttributeValue {
  return { DataType: 'String', StringValue: value };
}
