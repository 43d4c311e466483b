/**
 * Runs several commands in rounds: each command once in a round, in random order, so that a disturbance of the machine
 * falls on all alike. A first round warms the caches and is not counted. It stops early when its time is up.
 */
import type { Progress } from './progress.ts';
import type { Command, Run, Runner } from './runner.ts';
import { pairedRatio, type Spread, shuffled, spreadOf } from './statistics.ts';

export interface Measured {
  readonly runs: readonly Run[];
  /** Of the runs that ended well; a failed one leaves a hole in its round. */
  readonly wall: Spread;
  readonly cpu: Spread;
  readonly rss: Spread;
  readonly failed: number;
  /** What the last failed run said. */
  readonly lastWords?: string;
}

export interface Rounds {
  readonly count: number;
  /** The share of runs that began while something else was running. */
  readonly disturbed: number;
  readonly measured: ReadonlyMap<string, Measured>;
  /** How many times as long one takes as the other; undefined when one was not run. */
  ratio(name: string, base: string): Spread | undefined;
}

export interface RoundsOptions {
  readonly commands: ReadonlyMap<string, Command>;
  readonly rounds: number;
  /** Seconds; at least three rounds are run. */
  readonly atMost: number;
  readonly runner: Runner;
  readonly progress: Progress;
}

/** Runs the rounds. */
export async function runRounds({ commands, rounds, atMost, runner, progress }: RoundsOptions): Promise<Rounds> {
  const runs = new Map([...commands.keys()].map((name): [string, Run[]] => [name, []]));
  const lastWords = new Map<string, string>();
  const end = performance.now() + atMost * 1000;
  let count = -1;
  while (count < rounds && (count < 3 || performance.now() < end)) {
    progress.step(`round ${count + 1} of ${rounds}`);
    for (const [name, command] of shuffled([...commands])) {
      const run = await runner.one(command);
      if (run.exit !== 0) lastWords.set(name, `exit ${run.exit} ${runner.lastWords()}`);
      if (count >= 0) runs.get(name)?.push(run);
    }
    count += 1;
  }
  const walls = (name: string) => runs.get(name)?.map((run) => (run.exit === 0 ? run.wall : Number.NaN));
  const all = [...runs.values()].flat();
  return {
    count,
    disturbed: all.filter((run) => !run.calm).length / all.length,
    measured: new Map([...runs].map(([name, each]) => [name, measuredOf(each, lastWords.get(name))])),
    ratio(name, base) {
      const [figures, others] = [walls(name), walls(base)];
      return figures && others ? pairedRatio(figures, others) : undefined;
    },
  };
}

function measuredOf(runs: readonly Run[], lastWords: string | undefined): Measured {
  const good = runs.filter((run) => run.exit === 0);
  return {
    runs,
    wall: spreadOf(good.map((run) => run.wall)),
    cpu: spreadOf(good.map((run) => run.cpu)),
    rss: spreadOf(good.map((run) => run.rss)),
    failed: runs.length - good.length,
    ...(lastWords === undefined ? {} : { lastWords }),
  };
}

/** Leaves out the commands that this machine does not have. */
export function present(wanted: readonly [string, Command | undefined][]): Map<string, Command> {
  return new Map(wanted.flatMap(([name, command]): [string, Command][] => (command ? [[name, command]] : [])));
}
