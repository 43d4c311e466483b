/**
 * Scenario (b): one mail of 200 MiB, from a pipe and from a file, against curl that uploads the body encoded beforehand:
 * it reads nothing, encodes nothing and looks no group up.
 */
import type { Context } from './context.ts';
import { figureText, type Report, roundsData, roundsNotes, roundsTable } from './report.ts';
import { present, runRounds } from './rounds.ts';
import type { Command } from './runner.ts';
import { verified } from './verified.ts';

const mebibytes = 200;
const size = mebibytes * 1024 * 1024;

/** Measures the large mail. */
export async function largeMail(context: Context): Promise<Report[]> {
  const { commands, runner, progress, server, quick } = context;
  const title = `(b) one mail of ${mebibytes} MiB, http`;
  progress.begin(title);
  progress.step('writing it');
  const url = `http://127.0.0.1:${server.http}`;
  const proof = quick ? [] : [await verified(context, size, (place) => deliveries(context, place))];
  const list = new Map([
    ...(await deliveries(context, url)),
    ...present([
      ['curl -T, encoded', await commands.curlUpload({ url, size })],
      ['curl -T, encoded, again', await commands.curlUpload({ url, size })],
      ['base64 | curl -T -', await commands.base64Curl({ url, size })],
    ]),
  ]);
  const rounds = await runRounds({ commands: list, rounds: quick ? 3 : 21, atMost: quick ? 8 : 100, runner, progress });
  const table = roundsTable(rounds, { 'curl -T': 'curl -T, encoded', 'base64 | curl': 'base64 | curl -T -' });
  const speed = (name: string) => size / 1e3 / (rounds.measured.get(name)?.wall.median ?? Number.NaN);
  return [
    {
      title,
      table: {
        columns: [...table.columns, 'MB/s'],
        rows: table.rows.map((row) => [...row, figureText(speed(row[0] ?? ''), 0)]),
      },
      notes: [...roundsNotes(rounds), ...proof, 'MB/s counts the mail, not its encoded form'],
      figures: Object.fromEntries(
        ['smtp2gs', 'smtp2gs.cjs'].flatMap((name) => [
          [
            `large ${name} RSS`,
            Math.max(
              ...[...rounds.measured].flatMap(([each, { rss }]) => (each.startsWith(`${name},`) ? [rss.median] : [])),
            ),
          ],
          [`large ${name} pipe / curl`, rounds.ratio(`${name}, from a pipe`, 'curl -T, encoded')?.median ?? Number.NaN],
          [
            `large ${name} pipe / base64`,
            rounds.ratio(`${name}, from a pipe`, 'base64 | curl -T -')?.median ?? Number.NaN,
          ],
          [`large ${name} file / curl`, rounds.ratio(`${name}, from a file`, 'curl -T, encoded')?.median ?? Number.NaN],
        ]),
      ),
      data: roundsData(rounds),
    },
  ];
}

async function deliveries({ commands }: Context, url: string): Promise<Map<string, Command>> {
  const pipe = { url, size };
  const file = { url, size, fromFile: true };
  return new Map([
    ['smtp2gs, from a pipe', await commands.smtp2gs('standalone', pipe)],
    ['smtp2gs.cjs, from a pipe', await commands.smtp2gs('bundle', pipe)],
    ['smtp2gs, from a file', await commands.smtp2gs('standalone', file)],
    ['smtp2gs.cjs, from a file', await commands.smtp2gs('bundle', file)],
  ]);
}
