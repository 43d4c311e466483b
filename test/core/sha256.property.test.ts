/**
 * Our SHA-256 is everybody's.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../functions/core/sha256.ts';

const reference = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('sha256', () => {
  it('gives what node:crypto gives, for every length around the ends of the first blocks', () => {
    for (let length = 0; length <= 260; length += 1) {
      const bytes = Buffer.alloc(length, `${length} bytes `);
      expect(sha256(bytes), `${length} bytes`).toBe(reference(bytes));
    }
  });

  it('gives what node:crypto gives, for any bytes', () => {
    const same = (bytes: Uint8Array) => sha256(bytes) === reference(bytes);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 5000 }), same));
  });

  it('gives what node:crypto gives, for a megabyte', () => {
    const bytes = Buffer.alloc(1024 * 1024 + 7, 'header section ');
    expect(sha256(bytes)).toBe(reference(bytes));
  });
});
