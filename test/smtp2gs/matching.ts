/**
 * vitest's pattern for a text, typed so that it can stand in an expected object.
 */
import { expect } from 'vitest';

export function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}
