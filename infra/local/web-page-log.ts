/** The lines of the web page that stand for what the function prints: log and metrics. */
import { text } from './aws/input.ts';
import type { LogLine, Metric } from './function-log.ts';
import { escapeHtml } from './group-server/escape-html.ts';
import { row, timeText } from './web-page-text.ts';

/** A log line; its fields are shown when it is opened. */
export function logRow({ serial, at, text: line, fields }: LogLine): string {
  const said = text(fields, 'message') ?? line;
  const facts = ['code', 'kind', 'reason', 'errorMessage'].map((name) => text(fields, name)).filter((fact) => fact);
  const isStructured = Object.keys(fields).length > 0;
  const details = isStructured ? JSON.stringify(fields, undefined, 2) : line;
  return `<li><details data-key="log/${serial}">
  <summary><span class="from">${escapeHtml(text(fields, 'level') ?? '')}</span>
  <span class="subject">${escapeHtml([said, ...facts].join(' · '))}</span>
  <span class="small">${escapeHtml((text(fields, 'correlation_id') ?? '').slice(0, 8))}</span> ${timeText(at)}</summary>
  <pre class="text">${escapeHtml(details)}</pre>
</details></li>`;
}

/** One line for each metric and its dimensions: a count, or the last and the greatest value. */
export function metricRows(metrics: readonly Metric[]): string[] {
  // All of them come from the one service; the name is long enough without it.
  const shown = ({ dimensions }: Metric) => Object.keys(dimensions).filter((dimension) => dimension !== 'service');
  const key = (metric: Metric) => [metric.name, ...shown(metric).map((name) => metric.dimensions[name])].join(' ');
  return [...Map.groupBy(metrics, key)].map(([name, all]) => {
    const { at = 0, unit = '' } = all.at(-1) ?? {};
    const values = all.map(({ value }) => value);
    const measured = `last ${rounded(values.at(-1) ?? 0)}, at most ${rounded(Math.max(...values))} ${unit}`;
    const total = values.reduce((sum, value) => sum + value, 0);
    const isCount = unit === 'Count';
    return row({
      from: name,
      subject: isCount ? '' : measured,
      small: isCount ? String(total) : '',
      time: timeText(at),
    });
  });
}

const rounded = (value: number) => String(Math.round(value * 10) / 10);
