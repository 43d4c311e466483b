/**
 * `npm run bench`: measures what `npm run build` has made, against peers and against the limits of the machine, in
 * interleaved rounds and an emptied environment. It prints tables and the goals, and leaves both figures and a plot in
 * dist/bench. It asserts nothing: a missed goal is no error.
 */

import { lookup } from 'node:dns/promises';
import { mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { commandsOf } from './commands.ts';
import type { Context } from './context.ts';
import { goalsTable, judge } from './goals.ts';
import { growth } from './growth.ts';
import { startHelper } from './helper-process.ts';
import { lambda } from './lambda.ts';
import { largeMail } from './large-mail.ts';
import { machineFacts } from './machine.ts';
import { findPeers } from './peers.ts';
import { progressOnStderr } from './progress.ts';
import { type Report, tableText } from './report.ts';
import { startRunner } from './runner.ts';
import { smallMail } from './small-mail.ts';
import { throughput } from './throughput.ts';
import { openWorkshop } from './workshop.ts';

const outcome = new URL('../../dist/bench', import.meta.url).pathname;

const scenarios: Record<string, { about: string; run(context: Context): Promise<Report[]> }> = {
  small: { about: '(a) one mail of 5 KB: http, https, against node, curl, Python, Perl', run: smallMail },
  large: { about: '(b) one mail of 200 MiB against curl', run: largeMail },
  many: { about: '(c) 500 mails: a process for each, LMTP, Lambda, against wrk', run: throughput },
  lambda: { about: '(d) the Lambda: start, invocations, memory at 40 MB, bundle', run: lambda },
  growth: { about: '(e) growth with size and with deliveries at once', run: (context) => growth(context, outcome) },
};

const help = `Usage: npm run bench -- [options]

Measures the artefacts of "npm run build". Takes about eight minutes.

  --quick             a few rounds only, under a minute; the figures are rough
  --only NAME,...     these scenarios only:
${Object.entries(scenarios)
  .map(([name, { about }]) => `                        ${name.padEnd(8)}${about}`)
  .join('\n')}
  --patience SECONDS  how long to wait before each run for a moment in which nothing else runs; default 0.2
  --json              print everything that was measured as JSON, and no tables
  --help

Figures and plot are left in dist/bench/.
`;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    patience: { type: 'string', default: '0.2' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const wanted = values.only?.split(',') ?? Object.keys(scenarios);
const unknown = wanted.find((name) => !(name in scenarios));

if (values.help) process.stdout.write(help);
else if (unknown !== undefined) fail(`there is no scenario ${unknown}; see --help`);
else await bench();

async function bench(): Promise<void> {
  const peers = findPeers();
  if (peers.python === undefined) return fail('this needs Python 3 (wait4): apt-get install python3-minimal');
  const progress = progressOnStderr();
  const workshop = await openWorkshop();
  if (workshop.artefact('smtp2gs.cjs') === undefined) return fail('nothing is built: npm run build');
  const machine = machineFacts(peers, workshop);
  const runner = await startRunner(peers.python, workshop.folder, Number(values.patience));
  const server = await startHelper('server.ts', [workshop.keyFile, workshop.certFile]);
  const context: Context = {
    workshop,
    peers,
    commands: commandsOf(workshop, peers),
    runner,
    progress,
    server: { http: server.figure('http'), https: server.figure('https') },
    hostName: await ownName(),
    quick: values.quick,
  };
  const reports: Report[] = [];
  try {
    for (const name of wanted) reports.push(...((await scenarios[name]?.run(context)) ?? []));
  } finally {
    progress.end();
    await Promise.all([runner.stop(), server.stop()]);
  }
  tell(machine, peers.missing, reports);
}

function tell(machine: Record<string, string>, missing: readonly string[], reports: readonly Report[]): void {
  const figures = Object.fromEntries(reports.flatMap((report) => Object.entries(report.figures)));
  const judged = judge(figures);
  const json = `${JSON.stringify({ machine, missing, goals: judged, reports }, null, 1)}\n`;
  mkdirSync(outcome, { recursive: true });
  writeFileSync(`${outcome}/bench.json`, json);
  if (values.json) {
    process.stdout.write(json);
    return;
  }
  const facts = Object.entries(machine).map(([name, fact]) => `  ${name.padEnd(18)}${fact}`);
  const parts = [
    ['Machine', ...facts, ...missing.map((name) => `  not here: ${name}`)],
    ...reports.map(({ title, table, notes }) => [title, tableText(table), ...notes.map((note) => `  - ${note}`)]),
    ['Goals', tableText(goalsTable(judged))],
  ];
  process.stdout.write(`${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`);
}

/** A name of this machine that stands for 127.0.0.1: curl does not look up `localhost`. */
async function ownName(): Promise<string> {
  const found = await lookup(hostname()).catch(() => undefined);
  return found?.address === '127.0.0.1' ? hostname() : 'localhost';
}

function fail(why: string): void {
  process.stderr.write(`bench: ${why}\n`);
  process.exitCode = 1;
}
