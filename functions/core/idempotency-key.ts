/**
 * Names one delivery so that every try of it has the same name: a hash over the recipient, the size of the message and
 * its header section, without what the last hop adds anew at each try. It knows nothing of the body, which is never read
 * for it. It cannot fail.
 */
import { createHash } from 'node:crypto';
import type { Header, HeaderField } from './header.ts';

/** Fields that a mail system writes when it hands a message over; their text may differ from try to try. */
const lastHopFields = new Set(['return-path', 'x-original-to', 'delivered-to', 'envelope-to', 'delivery-date']);

/** Gives the value of the header `Idempotency-Key`: 64 hexadecimal digits. */
export function idempotencyKey(recipient: string, size: number, header: Header): string {
  const isLastHops = (field: HeaderField) => lastHopFields.has(field.name.toLowerCase());
  const left = header.filter(isLastHops).reduce((sum, field) => sum + field.raw.length, 0);
  const hash = createHash('sha256').update(`${recipient}\n${size - left}\n`);
  for (const field of header) if (!isLastHops(field)) hash.update(field.raw, 'latin1');
  return hash.digest('hex');
}
