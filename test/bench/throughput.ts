/**
 * Scenario (c): many mails of 5 KB, two at once: a process for each, the LMTP server, the Lambda behind its Runtime API;
 * against what wrk gets out of the same server with the same two requests.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from './context.ts';
import { openLambdaBench } from './lambda-bench.ts';
import { sendByLmtp, startLmtp } from './lmtp-load.ts';
import { figureText, type Report } from './report.ts';
import type { Command } from './runner.ts';
import { contentType } from './workshop.ts';

const size = 5100;
const atOnce = 2;

interface Row {
  readonly name: string;
  readonly mails: number;
  readonly perSecond: number;
  /** Milliseconds of processor time per mail, where it can be told. */
  readonly cpu?: number;
  /** MB. */
  readonly rss?: number;
  readonly failed: number;
}

/** Measures what each way delivers per second. */
export async function throughput(context: Context): Promise<Report[]> {
  const { commands, progress, server, quick } = context;
  progress.begin('(c) many mails of 5 KB, two at once');
  const url = `http://127.0.0.1:${server.http}`;
  const mails = quick ? 100 : 500;
  const ceiling = await measureCeiling(context, url);
  const rows: Row[] = ceiling === undefined ? [] : [ceiling];

  const slots = { url, size, slots: atOnce };
  const processes: [string, Command | undefined][] = [
    ['curl, a process for each', await commands.curl(slots)],
    ['smtp2gs, a process for each', await commands.smtp2gs('standalone', slots)],
    ['smtp2gs.cjs, a process for each', await commands.smtp2gs('bundle', slots)],
    ['Python requests, a process for each', await commands.requests(slots)],
  ];
  for (const [name, command] of processes) {
    if (command)
      rows.push(await measureProcesses(context, name, command, name.startsWith('Python') ? mails / 5 : mails));
  }
  for (const [artefact, name] of [
    ['standalone', 'smtp2gs lmtp'],
    ['bundle', 'smtp2gs.cjs lmtp'],
  ] as const) {
    progress.step(name);
    const lmtp = await startLmtp(context, artefact, url);
    try {
      // The first mails warm it up.
      for (const turn of ['first', 'warm'] as const) {
        const sent = await sendByLmtp(lmtp, await mailText(context), mails * (turn === 'warm' ? 4 : 1), atOnce);
        rows.push({ name: `${name}, ${turn} ${sent.mails}`, ...sent });
      }
    } finally {
      await lmtp.stop();
    }
  }
  if (context.workshop.artefact('ses2gs/index.mjs')) {
    progress.step('ses2gs');
    const lambda = await openLambdaBench(context);
    try {
      await lambda.deliver(20, atOnce);
      rows.push({ name: 'ses2gs behind the Runtime API', ...(await lambda.deliver(mails, atOnce)) });
    } finally {
      await lambda.stop();
    }
  }
  return [reportOf(rows, ceiling !== undefined)];
}

async function mailText({ workshop }: Context): Promise<Buffer> {
  return readFileSync(await workshop.mail(size));
}

async function measureProcesses(context: Context, name: string, command: Command, count: number): Promise<Row> {
  context.progress.step(name);
  const { wall, cpu, rss, failed } = await context.runner.many(command, count, atOnce);
  return { name, mails: count, perSecond: (count - failed) / (wall / 1000), cpu: cpu / count, rss, failed };
}

/** What wrk gets with two connections, each taking turns between the two requests. */
async function measureCeiling({ peers, workshop, progress, quick }: Context, url: string): Promise<Row | undefined> {
  if (peers.wrk === undefined) return undefined;
  progress.step('wrk');
  const script = join(workshop.folder, 'wrk.lua');
  writeFileSync(
    script,
    `local function read(name) local file = io.open(name, "rb"); local text = file:read("*a"); file:close(); return text end
local headers = { ["Content-Type"] = "${contentType}" }
local asked = {
  wrk.format("POST", "/gs-group-messages-add-group-exists.html", headers, read("${workshop.lookUpBody}")),
  wrk.format("POST", "/gs-group-messages-add-email.html", headers, read("${await workshop.addBody(size)}")),
}
local turn = 0
request = function() turn = turn % 2 + 1; return asked[turn] end
`,
  );
  const words = ['-t1', `-c${atOnce}`, `-d${quick ? 1 : 4}s`, '-s', script, url];
  const said = execFileSync(peers.wrk, words, { encoding: 'utf8', env: {} });
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(said)?.[1]) / 2;
  return {
    name: 'wrk: the server itself',
    mails: Number(/(\d+) requests in/.exec(said)?.[1]) / 2,
    perSecond,
    failed: 0,
  };
}

function reportOf(rows: readonly Row[], hasCeiling: boolean): Report {
  const of = (start: string) => rows.findLast(({ name }) => name.startsWith(start))?.perSecond ?? Number.NaN;
  const processNode = of('smtp2gs.cjs, a process');
  const lmtp = Math.max(of('smtp2gs lmtp'), 0);
  const wrk = hasCeiling ? of('wrk') : Number.NaN;
  return {
    title: '(c) many mails of 5 KB, two at once',
    table: {
      columns: ['', 'mails', 'mails/s', 'cpu ms/mail', 'RSS MB', 'x process of .cjs', 'of wrk %', 'failed'],
      rows: rows.map(({ name, mails, perSecond, cpu, rss, failed }) => [
        name,
        String(mails),
        figureText(perSecond, 0),
        figureText(cpu, 1),
        figureText(rss, 0),
        figureText(perSecond / processNode, 1),
        figureText((100 * perSecond) / wrk, 1),
        failed === 0 ? '' : String(failed),
      ]),
    },
    notes: [
      'wrk, LMTP client and server share the processors with what is measured',
      'LMTP and the Lambda remember look-ups for a minute, so that most mails are one request',
    ],
    figures: {
      'mails/s smtp2gs': of('smtp2gs, a process'),
      'mails/s smtp2gs.cjs': processNode,
      'mails/s smtp2gs / smtp2gs.cjs': of('smtp2gs, a process') / processNode,
      'mails/s smtp2gs lmtp / process': lmtp / processNode,
      'mails/s smtp2gs.cjs lmtp / process': of('smtp2gs.cjs lmtp') / processNode,
      'mails/s smtp2gs lmtp / wrk': lmtp / wrk,
      'mails/s smtp2gs.cjs lmtp / wrk': of('smtp2gs.cjs lmtp') / wrk,
    },
    data: rows,
  };
}
