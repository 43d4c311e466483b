/**
 * The tests that mutation testing runs (stryker.config.json): those that need nothing but this process.
 */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: [
      ...['delivery-status', 'recipient', 'groupserver', 'answer'].map((name) => `test/core/${name}*.test.ts`),
      ...['schedule', 'notification', 'reading'].map((name) => `test/ses2gs/${name}*.test.ts`),
    ],
    testTimeout: 30_000,
  },
});
