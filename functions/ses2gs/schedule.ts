/**
 * When a mail is tried again, and until when (research/serverless.md section 3.3). Pure: it is given the time and a
 * random number. It knows no queue.
 */

/** Seconds after the first, second, … failed try; then the last one again and again. */
const waits = [60, 120, 300, 600, 1200, 1800, 3600] as const;

/** Seconds. A mail that could not be delivered for so long is given up: parked or bounced. */
export const expiryAge = 20 * 3600;

/** Seconds. SES takes bounces for 24 hours; beyond this nothing is bounced any more. */
export const bounceAge = 23 * 3600;

/** Seconds. A stored object may be announced before it can be read; beyond this it is missing. */
export const objectAge = 600;

/**
 * Seconds. By then the mail should have been parked, so parking fails. The queue keeps a message for 4 days and moves it
 * to the dead-letter queue after 100 receives: shorter waits let the second happen before the first.
 */
const rescueAge = 60 * 3600;
const rescueWait = 600;

/** Seconds. The longest visibility timeout of SQS is 12 hours, counted from the receive. */
const longestWait = 11 * 3600;

export interface FailedTry {
  /** How many times the message was received, this time included. */
  readonly receiveCount: number;
  /** Seconds since SES took the mail in. */
  readonly age: number;
  /** Seconds that the server asked for (Retry-After). */
  readonly retryAfter?: number | undefined;
  /** From 0 up to 1. */
  readonly random: number;
}

/** Gives the seconds until the next try: the schedule ±20 %, longer if the server asks, but not past the expiry. */
export function waitAfter({ receiveCount, age, retryAfter = 0, random }: FailedTry): number {
  const step = waits[Math.min(Math.max(receiveCount, 1), waits.length) - 1] ?? waits[0];
  const planned = (age > rescueAge ? rescueWait : step) * (0.8 + 0.4 * random);
  const untilExpiry = Math.max(expiryAge - age, planned);
  return Math.round(Math.min(Math.max(planned, retryAfter), untilExpiry, longestWait));
}

/** Milliseconds that must be left to the invocation for an attempt to be started, and that are kept for what follows it. */
const timeToStart = 20_000;
const timeToEnd = 10_000;

/** Gives the milliseconds that an attempt may take; undefined where too few are left to start one. */
export function attemptTime(remaining: number, timeout: number): number | undefined {
  return remaining < timeToStart ? undefined : Math.min(timeout, remaining - timeToEnd);
}
