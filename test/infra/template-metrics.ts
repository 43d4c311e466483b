/** The names of the metrics that the function emits: those of functions/ses2gs/metrics.ts; the contract's until that file is there. */
import { existsSync } from 'node:fs';

const contract = [
  'Delivered',
  'Deferred',
  'Bounced',
  'BounceSuppressed',
  'Quarantined',
  'Dropped',
  'Parked',
  'Expired',
].concat(['ConfigurationError', 'MailAgeSeconds', 'MailBytes', 'HttpMilliseconds', 'Attempts', 'Ignored']);

export const emittedMetrics = async (): Promise<string[]> => {
  const file = new URL('../../functions/ses2gs/metrics.ts', import.meta.url);
  if (!existsSync(file)) return contract;
  const declared: unknown = await import(file.href);
  const names =
    typeof declared === 'object' && declared !== null && 'metricNames' in declared ? declared.metricNames : [];
  return Array.isArray(names) ? names.map(String) : [];
};
