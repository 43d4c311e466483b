/**
 * How the tests are run: one project per level, so that `npm run ok` takes the quick ones and `npm test` all.
 * A suite that this machine cannot run skips itself with one visible line (test/README.md).
 */
import { defineConfig } from 'vitest/config';

/** Suites of the quick levels that wait a lot: `npm run ok` leaves them to `npm test`. */
const patient = ['test/smtp2gs/{lmtp,doctor,explain,mta-config,slot}*.test.ts', 'test/ses2gs/{retry,bounce}.test.ts'];

const project = (name: string, include: string[], extra: object = {}) => ({
  extends: true as const,
  test: { name, include: include.map((folder) => `test/${folder}/**/*.test.ts`), ...extra },
});

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    reporters: ['default', './test/closing-line-reporter.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      project('quick', ['core', 'smtp2gs', 'ses2gs'], { exclude: patient }),
      project('patient', ['security'], { include: ['test/security/**/*.test.ts', ...patient] }),
      project('infra', ['infra'], { testTimeout: 60_000 }),
      project('stack', ['stack', 'chaos', 'fuzz'], {
        testTimeout: 120_000,
        hookTimeout: 120_000,
        fileParallelism: false,
      }),
      project('mta', ['postfix', 'exim', 'opensmtpd', 'package'], {
        testTimeout: 120_000,
        hookTimeout: 120_000,
        fileParallelism: false,
      }),
    ],
  },
});
