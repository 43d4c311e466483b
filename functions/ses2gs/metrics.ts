/**
 * The metrics of the function, in CloudWatch's embedded format: namespace `smtp2gs`, dimension `service` = `ses2gs`.
 * How deliveries ended is counted twice: under the service, for the alarms, and by the enhanced status code as well.
 * The template's alarms and dashboard name what stands here, and a test compares the two.
 */
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';

export const metricNames = [
  'Delivered',
  'Deferred',
  'Bounced',
  'BounceSuppressed',
  'Quarantined',
  'Dropped',
  'Parked',
  'Expired',
  'ConfigurationError',
  'MailAgeSeconds',
  'MailBytes',
  'HttpMilliseconds',
  'Attempts',
  'Ignored',
] as const;

export type MetricName = (typeof metricNames)[number];

const metrics = new Metrics({ namespace: 'smtp2gs', serviceName: 'ses2gs' });

const units = {
  MailAgeSeconds: MetricUnit.Seconds,
  MailBytes: MetricUnit.Bytes,
  HttpMilliseconds: MetricUnit.Milliseconds,
} as const;

/** Counts something that has happened; with a status code by that as well. */
export function count(name: Exclude<MetricName, keyof typeof units>, code?: string): void {
  metrics.addMetric(name, MetricUnit.Count, 1);
  if (code !== undefined) metrics.singleMetric().addDimension('code', code).addMetric(name, MetricUnit.Count, 1);
}

/** Records a figure, in the unit that its name tells; `Attempts` is a number. */
export function measure(name: keyof typeof units | 'Attempts', value: number): void {
  metrics.addMetric(name, name === 'Attempts' ? MetricUnit.Count : units[name], value);
}

/** Writes what was counted and measured since the last time. */
export function publishMetrics(): void {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
}
