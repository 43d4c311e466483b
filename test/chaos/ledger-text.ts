/** The books of a chaos run for people. */
import type { Judgement } from './judge.ts';
import { isGood, type Ledger } from './run-door.ts';
import { type End, ends } from './sighting.ts';

const most = 40;

/** Writes them; many problems are cut short. */
export function ledgerText(ledger: Ledger): string {
  const { door, seed, seconds, mails, bytes, refused, judgement, redriven, contradictions, manners } = ledger;
  const { copies, reasons } = judgement;
  const problems = [...judgement.problems, ...(redriven?.problems ?? [])];
  const row = (name: string, value: number | string) => `  ${name.padEnd(52)} ${String(value).padStart(8)}`;
  const rows = (of: Readonly<Record<string, number | string>>) =>
    Object.entries(of).map(([name, value]) => row(name, value));
  const changed = (end: End, before: Judgement, after: Judgement) =>
    before.ends[end] === after.ends[end] ? [] : [row(end, after.ends[end])];
  const count = (kind: string) => problems.filter((problem) => problem.kind === kind).length;
  const lines = [
    `${door}, seed ${seed}: ${mails} mails accepted (${Math.round(bytes / 1e6)} MB), ${judgement.deliveries} deliveries, ${seconds} s`,
    '',
    'Where every delivery ended',
    ...ends.map((end) => row(end, judgement.ends[end])),
    ...Object.entries(reasons).map(([reason, times]) => `    ${reason}: ${times}`),
    row('refused while the mail came in', refused),
    row('lost', count('lost')),
    row('doubled without explanation', count('doubled')),
    row('other problems', problems.length - count('lost') - count('doubled') + contradictions.length),
    ...(redriven
      ? ['', 'When the parked mail had been put back', ...ends.flatMap((end) => changed(end, judgement, redriven))]
      : []),
    '',
    'Deliveries that were seen more than once, under one idempotency key',
    row('accepted by GroupServer, its answer lost', copies['answer lost']),
    row('killed before it could tell', copies.killed),
    row('parked as well', copies['parked as well']),
    '',
    'What happened',
    ...rows(ledger.incidents),
    '',
    'Figures',
    ...rows(ledger.notes),
    ...(manners.length > 0 ? ['', 'Manners'] : []),
    ...manners.map(({ text, isGood: good }) => `  ${good ? 'good' : 'BAD '} ${text}`),
    '',
    ...problems
      .slice(0, most)
      .map(({ kind, mail, recipient, detail }) => `PROBLEM ${kind}: ${mail} to ${recipient}: ${detail}`),
    ...contradictions.slice(0, most).map((contradiction) => `CONTRADICTION ${contradiction}`),
    isGood(ledger) ? 'Nothing is lost, nothing is doubled without explanation.' : 'NOT all is well.',
  ];
  return `${lines.join('\n')}\n`;
}
