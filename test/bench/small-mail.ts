/**
 * Scenario (a): one mail of 5 KB, a process for each, as pipe(8) runs it; over http by address and by name, and over
 * https. Against `node -e 0`, which is the floor of any program on Node, curl, which is the floor of any program, and
 * clients in Python and Perl.
 */
import type { Context } from './context.ts';
import { type Report, roundsData, roundsNotes, roundsTable } from './report.ts';
import { present, type Rounds, runRounds } from './rounds.ts';
import type { Command } from './runner.ts';
import { verified } from './verified.ts';

const size = 5100;

/** Measures the three ways. */
export async function smallMail(context: Context): Promise<Report[]> {
  const { server, hostName } = context;
  return [
    await measure(context, 'address', 'http, by address', `http://127.0.0.1:${server.http}`),
    await measure(context, 'name', 'http, by name', `http://${hostName}:${server.http}`),
    await measure(context, 'tls', 'https, by name, own CA', `https://localhost:${server.https}`),
  ];
}

async function measure(context: Context, key: string, title: string, url: string): Promise<Report> {
  const { runner, progress, quick } = context;
  progress.begin(`(a) one mail of 5 KB, ${title}`);
  const proof = key === 'address' ? [await verified(context, size, (place) => deliveries(context, place))] : [];
  const { node } = context.commands;
  const commands = new Map([['node -e 0', node], ['node -e 0 again', node], ...(await deliveries(context, url))]);
  const rounds = await runRounds({ commands, rounds: quick ? 5 : 31, atMost: quick ? 6 : 60, runner, progress });
  const bases = { 'node -e 0': 'node -e 0', curl: 'curl', requests: 'Python requests', LWP: 'Perl LWP' };
  return {
    title: `(a) one mail of 5 KB, ${title}`,
    table: roundsTable(rounds, bases),
    notes: [...roundsNotes(rounds), ...proof],
    figures: figuresOf(rounds, key),
    data: roundsData(rounds),
  };
}

async function deliveries({ commands }: Context, url: string): Promise<Map<string, Command>> {
  const delivery = { url, size };
  const wanted: [string, Command | undefined][] = [
    ['smtp2gs', await commands.smtp2gs('standalone', delivery)],
    ['smtp2gs.cjs', await commands.smtp2gs('bundle', delivery)],
    ['curl', await commands.curl(delivery)],
    ['Python requests', await commands.requests(delivery)],
    ['Perl LWP', await commands.lwp(delivery)],
  ];
  return present(wanted);
}

function figuresOf(rounds: Rounds, key: string): Record<string, number> {
  const figures: Record<string, number> = {};
  const put = (name: string, figure: number | undefined) => {
    if (figure !== undefined) figures[`small ${key} ${name}`] = figure;
  };
  for (const name of ['smtp2gs', 'smtp2gs.cjs']) {
    put(`${name} / node`, rounds.ratio(name, 'node -e 0')?.median);
    put(`${name} / curl`, rounds.ratio(name, 'curl')?.median);
    put(`${name} / requests`, rounds.ratio(name, 'Python requests')?.median);
    put(`${name} / LWP`, rounds.ratio(name, 'Perl LWP')?.median);
    put(`${name} RSS`, rounds.measured.get(name)?.rss.median);
  }
  put('noise', rounds.ratio('node -e 0 again', 'node -e 0')?.median);
  return figures;
}
