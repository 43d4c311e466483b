/** Says what has to hold for an input, in words that stay the same, so that one defect is reported once. */
import { inspect, isDeepStrictEqual } from 'node:util';
import { DeliveryFailure, type FailureKind, statusLine, statusOf } from '../../functions/core/delivery-status.ts';

/** Throws when the condition is false; `what` is the sentence that should have been true. */
export function holds(condition: boolean, what: string, found?: unknown): void {
  if (!condition) throw new Error(found === undefined ? what : `${what}: "${inspect(found).slice(0, 2000)}"`);
}

/** Throws when two values differ. */
export function same(found: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(found, expected)) return;
  throw new Error(`${what}: "${inspect(found).slice(0, 2000)}" instead of "${inspect(expected).slice(0, 2000)}"`);
}

/** The result, or the failure, which must be a row of the table that is allowed here and end as one printable line. */
export async function resultOf<T>(
  work: () => T | Promise<T>,
  allowed: readonly FailureKind[],
): Promise<{ value: T } | { failure: DeliveryFailure }> {
  try {
    return { value: await work() };
  } catch (error) {
    return { failure: allowedFailure(error, allowed) };
  }
}

/** The same for what does not wait. */
export function resultAtOnce<T>(
  work: () => T,
  allowed: readonly FailureKind[],
): { value: T } | { failure: DeliveryFailure } {
  try {
    return { value: work() };
  } catch (error) {
    return { failure: allowedFailure(error, allowed) };
  }
}

function allowedFailure(error: unknown, allowed: readonly FailureKind[]): DeliveryFailure {
  if (!(error instanceof DeliveryFailure)) throw error;
  holds(allowed.includes(error.kind), 'the failure is one of those that are allowed here', error.kind);
  const line = statusLine(statusOf(error));
  holds(/^[245]\.\d\.\d [\x20-\x7e]{1,490}\n$/.test(line), 'the status line is one printable line', line);
  return error;
}
