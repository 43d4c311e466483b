/**
 * A deadline that is over as soon as nobody needs it, unlike AbortSignal.timeout, whose timer runs on: at many mails per
 * second these would be many.
 */
import { setMaxListeners } from 'node:events';

export interface Deadline {
  /** Aborts with a TimeoutError at the deadline. */
  readonly signal: AbortSignal;
  /** Stops the clock. */
  done(): void;
}

/** Starts a deadline. */
export function deadline(seconds: number): Deadline {
  const controller = new AbortController();
  // All the recipients of a mail have the same deadline.
  setMaxListeners(0, controller.signal);
  const expire = () => controller.abort(new DOMException('the deadline has passed', 'TimeoutError'));
  const timer = setTimeout(expire, seconds * 1000);
  return { signal: controller.signal, done: () => clearTimeout(timer) };
}
