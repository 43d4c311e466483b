/**
 * What the function's own code says about the template: the metrics it emits (metrics.ts) and the variables it reads
 * (every quoted SMTP2GS_… of functions/ses2gs). Where the code is not there yet, what the contract says.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../../functions/ses2gs/', import.meta.url);

const contractMetrics = [
  'Delivered',
  'Deferred',
  'Bounced',
  'BounceSuppressed',
  'Quarantined',
  'Dropped',
  'Parked',
].concat(['Expired', 'ConfigurationError', 'MailAgeSeconds', 'MailBytes', 'HttpMilliseconds', 'Attempts', 'Ignored']);

/** The names of the metrics that the function emits. */
export const emittedMetrics = async (): Promise<string[]> => {
  const file = new URL('metrics.ts', folder);
  if (!existsSync(file)) return contractMetrics;
  const declared: unknown = await import(file.href);
  const names =
    typeof declared === 'object' && declared !== null && 'metricNames' in declared ? declared.metricNames : [];
  return Array.isArray(names) ? names.map(String) : [];
};

/** The names of the variables that the function reads; none when the code is not there. */
export const variablesRead = (): string[] => {
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.ts')) : [];
  const sources = files.map((file) => readFileSync(new URL(file, folder), 'utf8'));
  return [
    ...new Set(sources.flatMap((source) => [...source.matchAll(/'(SMTP2GS_\w+)'/g)].map((match) => match[1] ?? ''))),
  ];
};
