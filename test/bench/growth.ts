/**
 * Scenario (e): how the cost of a delivery grows, with the size of its mail from 1 KiB to 200 MiB, and with the number of
 * deliveries at once from 1 to 32, each with a slot of its own and all on one. Also drawn, as growth.svg.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { artefacts } from './commands.ts';
import type { Context } from './context.ts';
import { growthPlot } from './growth-plot.ts';
import { figureText, type Report, roundsData, roundsNotes } from './report.ts';
import { type Rounds, runRounds } from './rounds.ts';
import type { Batch, Command } from './runner.ts';
import { shuffled, spreadOf } from './statistics.ts';

const kibibyte = 1024;
const sizes = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 204_800].map((size) => size * kibibyte);
const numbers = [1, 2, 4, 8, 16, 32];
const kinds = ['standalone', 'bundle'] as const;

/** Measures both, and draws them into a folder. */
export async function growth(context: Context, folder: string): Promise<Report[]> {
  const bySize = await measureSizes(context);
  const byNumber = await measureNumbers(context);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    `${folder}/growth.svg`,
    growthPlot([
      {
        title: 'Time of a delivery by size of its mail, ms',
        axis: sizes.map(sizeText),
        lines: kinds.map((kind) => ({
          name: artefacts[kind],
          values: sizes.map((size) => bySize.measured.get(nameOf(kind, size))?.wall.median ?? Number.NaN),
        })),
      },
      {
        title: 'Peak memory by size of the mail, MB',
        axis: sizes.map(sizeText),
        lines: kinds.map((kind) => ({
          name: artefacts[kind],
          values: sizes.map((size) => bySize.measured.get(nameOf(kind, size))?.rss.median ?? Number.NaN),
        })),
      },
      {
        title: 'Mails per second by deliveries at once (slots = deliveries)',
        axis: numbers.map(String),
        lines: kinds.map((kind) => ({
          name: artefacts[kind],
          values: numbers.map((number) => perSecond(byNumber.get(`${artefacts[kind]} ${number} own`))),
        })),
      },
    ]),
  );
  return [sizeReport(bySize, `${folder}/growth.svg`), numberReport(byNumber)];
}

async function measureSizes({ commands, runner, progress, server, quick }: Context): Promise<Rounds> {
  progress.begin('(e) growth with the size of the mail');
  const list = new Map<string, Command>();
  for (const kind of kinds) {
    for (const size of sizes) {
      list.set(nameOf(kind, size), await commands.smtp2gs(kind, { url: `http://127.0.0.1:${server.http}`, size }));
    }
  }
  return await runRounds({ commands: list, rounds: quick ? 3 : 9, atMost: quick ? 8 : 60, runner, progress });
}

async function measureNumbers(context: Context): Promise<Map<string, Batch[]>> {
  const { commands, runner, progress, server, quick } = context;
  progress.begin('(e) growth with deliveries at once');
  const measured = new Map<string, Batch[]>();
  const url = `http://127.0.0.1:${server.http}`;
  const plan = kinds.flatMap((kind) =>
    numbers.flatMap((number) => (['own', 'one'] as const).map((slot) => ({ kind, number, slot }))),
  );
  const end = performance.now() + 70_000;
  for (let round = 0; round < (quick ? 1 : 3) && (round === 0 || performance.now() < end); round += 1) {
    for (const { kind, number, slot } of shuffled(plan)) {
      const name = `${artefacts[kind]} ${number} ${slot}`;
      progress.step(name);
      const command = await commands.smtp2gs(kind, { url, size: 5100, slots: slot === 'own' ? number : 1 });
      const batch = await runner.many(command, quick ? 32 : 64, number);
      measured.set(name, [...(measured.get(name) ?? []), batch]);
    }
  }
  return measured;
}

function sizeReport(rounds: Rounds, file: string): Report {
  const cell = (kind: (typeof kinds)[number], size: number) => {
    const measured = rounds.measured.get(nameOf(kind, size));
    return [
      figureText(measured?.wall.median, 1),
      figureText(measured?.cpu.median, 1),
      figureText(measured?.rss.median, 0),
    ];
  };
  const marginal = (kind: (typeof kinds)[number]) => {
    const cpu = (size: number) => rounds.measured.get(nameOf(kind, size))?.cpu.median ?? Number.NaN;
    const between = (from: number, to: number) => ((cpu(to) - cpu(from)) / (to - from)) * 1024 * kibibyte;
    const [middle = 0, large = 0, largest = 0] = [1024, 65_536, 204_800].map((size) => size * kibibyte);
    return [between(middle, large), between(large, largest)] as const;
  };
  return {
    title: '(e) growth with the size of the mail, from a pipe',
    table: {
      columns: ['', ...kinds.flatMap((kind) => [`${artefacts[kind]} wall ms`, 'cpu ms', 'RSS MB'])],
      rows: sizes.map((size) => [sizeText(size), ...kinds.flatMap((kind) => cell(kind, size))]),
    },
    notes: [
      ...roundsNotes(rounds),
      ...kinds.map((kind) => {
        const [first, second] = marginal(kind);
        return `${artefacts[kind]}: each MiB more costs ${first.toFixed(2)} ms of processor time from 1 to 64 MiB, ${second.toFixed(2)} ms from 64 to 200 MiB; in linear growth the two are equal`;
      }),
      `drawn in ${file}`,
    ],
    figures: {},
    data: roundsData(rounds),
  };
}

function numberReport(measured: ReadonlyMap<string, Batch[]>): Report {
  const at = (name: string) => measured.get(name) ?? [];
  const cells = (kind: (typeof kinds)[number], number: number) => {
    const own = at(`${artefacts[kind]} ${number} own`);
    const one = at(`${artefacts[kind]} ${number} one`);
    return [
      figureText(perSecond(own), 0),
      figureText(spreadOf(own.flatMap(({ walls }) => walls)).median, 0),
      figureText(spreadOf(own.map(({ cpu, walls }) => cpu / walls.length)).median, 1),
      figureText(perSecond(one), 0),
      figureText(Math.max(...one.flatMap(({ walls }) => walls)), 0),
    ];
  };
  const failed = [...measured].flatMap(([name, batches]) => {
    const sum = batches.reduce((total, batch) => total + batch.failed, 0);
    return sum === 0 ? [] : [`${name}: ${sum} failed`];
  });
  return {
    title: '(e) growth with deliveries at once, mails of 5 KB',
    table: {
      columns: [
        'at once',
        ...kinds.flatMap((kind) => [
          `${artefacts[kind]} mails/s`,
          'ms each',
          'cpu ms each',
          'one slot: mails/s',
          'longest ms',
        ]),
      ],
      rows: numbers.map((number) => [String(number), ...kinds.flatMap((kind) => cells(kind, number))]),
    },
    notes: ['as many slots as deliveries, and (one slot) all on a single one', ...failed],
    figures: {},
    data: Object.fromEntries(measured),
  };
}

function perSecond(batches: readonly Batch[] | undefined): number {
  return spreadOf((batches ?? []).map(({ walls, failed, wall }) => (walls.length - failed) / (wall / 1000))).median;
}

function nameOf(kind: (typeof kinds)[number], size: number): string {
  return `${artefacts[kind]} ${sizeText(size)}`;
}

function sizeText(size: number): string {
  return size < 1024 * kibibyte ? `${size / kibibyte} KiB` : `${size / kibibyte / 1024} MiB`;
}
