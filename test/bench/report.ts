/**
 * What a scenario hands back, and how it is printed: tables, figures for the goals, and everything measured for the JSON.
 */
import type { Rounds } from './rounds.ts';
import type { Spread } from './statistics.ts';

export interface Report {
  readonly title: string;
  /** Sentences under the table. */
  readonly notes: readonly string[];
  readonly table: Table;
  /** Figures that the goals are about. */
  readonly figures: Readonly<Record<string, number>>;
  /** For the JSON. */
  readonly data: unknown;
}

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Lays a table out as text: the first column to the left, the others to the right. */
export function tableText({ columns, rows }: Table): string {
  const lines = [columns, ...rows];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => (line[index] ?? '').length)));
  const cell = (text: string, index: number) =>
    index === 0 ? text.padEnd(widths[index] ?? 0) : text.padStart(widths[index] ?? 0);
  return lines
    .map((line) => `  ${columns.map((_, index) => cell(line[index] ?? '', index)).join('  ')}`.trimEnd())
    .join('\n');
}

/** A median with its quartiles, such as `8.7 (8.5-9.0)`. */
export function spreadText(spread: Spread | undefined, digits: number): string {
  if (!spread || Number.isNaN(spread.median)) return '-';
  return `${spread.median.toFixed(digits)} (${spread.q1.toFixed(digits)}-${spread.q3.toFixed(digits)})`;
}

export function figureText(figure: number | undefined, digits: number): string {
  return figure === undefined || Number.isNaN(figure) ? '-' : figure.toFixed(digits);
}

/** The table of some rounds: a row for each command, with its ratio to each of the bases. */
export function roundsTable(rounds: Rounds, bases: Readonly<Record<string, string>>): Table {
  const shown = Object.entries(bases).filter(([, base]) => rounds.measured.has(base));
  return {
    columns: ['', 'wall ms', 'cpu ms', 'RSS MB', ...shown.map(([title]) => `x ${title}`), 'failed'],
    rows: [...rounds.measured].map(([name, { wall, cpu, rss, failed }]) => [
      name,
      spreadText(wall, 1),
      figureText(cpu.median, 1),
      figureText(rss.median, 0),
      ...shown.map(([, base]) => spreadText(rounds.ratio(name, base), 2)),
      failed === 0 ? '' : String(failed),
    ]),
  };
}

/** What is to be said about how rounds went. */
export function roundsNotes(rounds: Rounds): string[] {
  const failed = [...rounds.measured].filter(([, { failed }]) => failed > 0);
  return [
    `${rounds.count} rounds; ${Math.round(rounds.disturbed * 100)} % of the runs began while something else was running`,
    ...failed.map(([name, { lastWords }]) => `${name} failed: ${lastWords}`),
  ];
}

/** Everything that was measured, for the JSON. */
export function roundsData(rounds: Rounds): unknown {
  return { rounds: rounds.count, disturbed: rounds.disturbed, commands: Object.fromEntries(rounds.measured) };
}
