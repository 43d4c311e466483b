/**
 * The step "limit": refuses a message that is empty or larger than the maximum, before anything is sent.
 * A message of exactly the maximum is accepted.
 */
import { DeliveryFailure } from './delivery-status.ts';

export const bytesPerMebibyte = 1024 * 1024;

/** Throws `message-empty` or `message-too-large`; `maxSize` is in bytes. */
export function checkSize(size: number, maxSize: number): void {
  if (size === 0) throw new DeliveryFailure('message-empty', 'nothing came from the mail system');
  if (size > maxSize) throw new DeliveryFailure('message-too-large', `the limit is ${maxSize / bytesPerMebibyte} MiB`);
}
