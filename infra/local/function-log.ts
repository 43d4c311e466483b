/**
 * What the function prints: structured log lines, and metrics in CloudWatch's embedded metric format, which CloudWatch
 * would take out of the log in the same way.
 */
import { field, isRecord, list, text } from './aws/input.ts';

export interface LogLine {
  /** Counts the lines from 1. */
  serial: number;
  /** When it was printed, on the stack's clock. */
  at: number;
  text: string;
  /** The line's fields, when it is JSON. */
  fields: Record<string, unknown>;
}

/** One value of one metric. */
export interface Metric {
  at: number;
  namespace: string;
  name: string;
  unit: string;
  value: number;
  dimensions: Record<string, string>;
}

export interface FunctionLog {
  add(line: string): void;
  /** The latest lines without the metrics, oldest first. */
  lines(): readonly LogLine[];
  /** All values since the start, oldest first. */
  metrics(): readonly Metric[];
  /** The sum of a metric's values, over those with the given dimensions. */
  total(name: string, dimensions?: Record<string, string>): number;
}

const linesKept = 2000;

/** An empty log on the stack's clock. */
export function createFunctionLog(now: () => number): FunctionLog {
  const lines: LogLine[] = [];
  const metrics: Metric[] = [];
  let serial = 0;
  return {
    add: (line) => {
      const fields = parse(line);
      const found = metricsOf(fields, now());
      metrics.push(...found);
      if (found.length > 0) return;
      serial += 1;
      lines.push({ serial, at: now(), text: line, fields });
      if (lines.length > linesKept) lines.shift();
    },
    lines: () => lines,
    metrics: () => metrics,
    total: (name, dimensions = {}) =>
      metrics
        .filter((metric) => metric.name === name)
        .filter((metric) => Object.entries(dimensions).every(([key, value]) => metric.dimensions[key] === value))
        .reduce((sum, { value }) => sum + value, 0),
  };
}

function parse(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

/** The values in a line of the embedded metric format; a value may be one number or several. */
function metricsOf(fields: Record<string, unknown>, at: number): Metric[] {
  return list(field(fields, '_aws'), 'CloudWatchMetrics').flatMap((directive) => {
    const names = list(directive, 'Dimensions').flatMap((set) => (Array.isArray(set) ? set.map(String) : []));
    const dimensions = Object.fromEntries(names.map((name) => [name, text(fields, name) ?? '']));
    return list(directive, 'Metrics').flatMap((definition) => {
      const name = text(definition, 'Name') ?? '';
      const namespace = text(directive, 'Namespace') ?? '';
      const unit = text(definition, 'Unit') ?? 'None';
      return [fields[name]].flat().map((value) => ({ at, namespace, name, unit, value: Number(value), dimensions }));
    });
  });
}
