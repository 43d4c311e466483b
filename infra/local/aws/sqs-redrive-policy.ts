/** Reads the RedrivePolicy attribute of a queue. */
import { number, text } from './input.ts';

/** When and where a queue gives a message up: the dead-letter queue's ARN and the number of receives. */
export interface RedrivePolicy {
  target: string;
  maxReceiveCount: number;
}

/** The redrive policy of a queue's attributes, if it has one. AWS's count when none is given is 10. */
export function redrivePolicy(attributes: Record<string, string>): RedrivePolicy | undefined {
  const policy: unknown = JSON.parse(attributes.RedrivePolicy || 'null');
  const target = text(policy, 'deadLetterTargetArn');
  return target === undefined ? undefined : { target, maxReceiveCount: number(policy, 'maxReceiveCount') ?? 10 };
}
