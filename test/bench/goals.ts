/**
 * The goals that the figures are held against: the section "Recommended goals" of the study that came before
 * (docs/performance.md tells where each comes from). They are printed, never asserted: a shared machine proves nothing.
 */
import type { Table } from './report.ts';

interface Goal {
  readonly id: string;
  readonly what: string;
  /** Which figure of the reports. */
  readonly figure: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

const goals: readonly Goal[] = [
  ...goalsOf('smtp2gs', { g1: 0.5, g2: 0.55, python: 0.16, g3: 1.5, g5: 0.6, rss: 45, tlsRss: 45, g8: 1.7 }),
  {
    id: 'G10',
    what: 'smtp2gs: mails/s, 2 at a time, / smtp2gs.cjs',
    figure: 'mails/s smtp2gs / smtp2gs.cjs',
    atLeast: 3,
  },
  ...goalsOf('smtp2gs.cjs', { g1: 1.65, g2: 1.9, python: 0.5, g3: 5.5, g5: 2.5, rss: 52, tlsRss: 60, g8: 2 }),
  {
    id: 'G4',
    what: 'smtp2gs.cjs: 5 KB, http, by name / Perl LWP',
    figure: 'small name smtp2gs.cjs / LWP',
    atMost: 0.75,
  },
  {
    id: 'G8',
    what: 'smtp2gs.cjs: 200 MiB from a pipe / base64 | curl',
    figure: 'large smtp2gs.cjs pipe / base64',
    atMost: 1.25,
  },
  {
    id: 'G9',
    what: 'smtp2gs.cjs: 200 MiB from a file / curl -T',
    figure: 'large smtp2gs.cjs file / curl',
    atMost: 1 / 0.75,
  },
  { id: 'G10', what: 'smtp2gs.cjs: mails/s, 2 at a time', figure: 'mails/s smtp2gs.cjs', atLeast: 45 },
  ...['smtp2gs', 'smtp2gs.cjs'].flatMap((name): Goal[] => [
    {
      id: 'LMTP',
      what: `${name} lmtp: mails/s / a process of smtp2gs.cjs for each`,
      figure: `mails/s ${name} lmtp / process`,
      atLeast: 20,
    },
    { id: 'LMTP', what: `${name} lmtp: mails/s / wrk`, figure: `mails/s ${name} lmtp / wrk`, atLeast: 0.5 },
  ]),
  {
    id: 'Lambda',
    what: 'later invocation, ms above the two requests',
    figure: 'lambda warm above posts ms',
    atMost: 5,
  },
  { id: 'Lambda', what: 'start / that of a bundle with three clients', figure: 'lambda start / clients', atMost: 1.3 },
  { id: 'Lambda', what: 'memory with mails of 40 MB, MB', figure: 'lambda 40 MB RSS', atMost: 160 },
  { id: 'Lambda', what: 'loaded for a mail, KiB', figure: 'lambda bundle KiB', atMost: 900 },
];

interface Limits {
  readonly g1: number;
  readonly g2: number;
  readonly python: number;
  readonly g3: number;
  readonly g5: number;
  readonly rss: number;
  readonly tlsRss: number;
  readonly g8: number;
}

function goalsOf(name: string, limits: Limits): Goal[] {
  return [
    {
      id: 'G1',
      what: `${name}: 5 KB, http, by address / node -e 0`,
      figure: `small address ${name} / node`,
      atMost: limits.g1,
    },
    {
      id: 'G2',
      what: `${name}: 5 KB, http, by name / node -e 0`,
      figure: `small name ${name} / node`,
      atMost: limits.g2,
    },
    {
      id: 'G2',
      what: `${name}: the same / Python requests`,
      figure: `small name ${name} / requests`,
      atMost: limits.python,
    },
    { id: 'G3', what: `${name}: the same / curl`, figure: `small name ${name} / curl`, atMost: limits.g3 },
    { id: 'G5', what: `${name}: 5 KB, https / node -e 0`, figure: `small tls ${name} / node`, atMost: limits.g5 },
    { id: 'G6', what: `${name}: memory, 5 KB, http, MB`, figure: `small name ${name} RSS`, atMost: limits.rss },
    { id: 'G6', what: `${name}: memory, 5 KB, https, MB`, figure: `small tls ${name} RSS`, atMost: limits.tlsRss },
    { id: 'G7', what: `${name}: memory, 200 MiB, MB`, figure: `large ${name} RSS`, atMost: 85 },
    {
      id: 'G8',
      what: `${name}: 200 MiB from a pipe / curl -T`,
      figure: `large ${name} pipe / curl`,
      atMost: limits.g8,
    },
  ];
}

export interface Judged extends Goal {
  readonly measured: number;
  readonly isMet: boolean;
}

/** The goals whose figures were measured. */
export function judge(figures: Readonly<Record<string, number>>): Judged[] {
  return goals.flatMap((goal) => {
    const measured = figures[goal.figure];
    if (measured === undefined || Number.isNaN(measured)) return [];
    return [
      { ...goal, measured, isMet: measured <= (goal.atMost ?? Infinity) && measured >= (goal.atLeast ?? -Infinity) },
    ];
  });
}

/** Goals, figures and whether they were met, as a table. */
export function goalsTable(judged: readonly Judged[]): Table {
  return {
    columns: ['goal', 'figure', 'limit', ''],
    rows: judged.map(({ id, what, measured, atMost, atLeast, isMet }) => [
      `${id.padEnd(6)} ${what}`,
      short(measured),
      atMost === undefined ? `>= ${short(atLeast ?? 0)}` : `<= ${short(atMost)}`,
      isMet ? 'met' : 'missed',
    ]),
  };
}

function short(figure: number): string {
  return figure >= 30 ? figure.toFixed(0) : figure.toFixed(2);
}
