/**
 * Names one delivery so that every try of it has the same name: a hash over the recipient, the size of the message and
 * its header section, without what the last hop adds anew at each try. It knows nothing of the body, which is never read
 * for it. It cannot fail.
 */
import type { Header } from './header.ts';
import { sha256 } from './sha256.ts';

/** Fields that a mail system writes when it hands a message over; their text may differ from try to try. */
const lastHopFields = new Set(['return-path', 'x-original-to', 'delivered-to', 'envelope-to', 'delivery-date']);

/** Gives the value of the header `Idempotency-Key`: 64 hexadecimal digits. */
export function idempotencyKey(recipient: string, size: number, header: Header): string {
  let left = 0;
  let kept = '';
  for (const { name, raw } of header) {
    if (lastHopFields.has(name.toLowerCase())) left += raw.length;
    else kept += raw;
  }
  return sha256(Buffer.from(`${recipient}\n${size - left}\n${kept}`, 'latin1'));
}
