/**
 * The manners of the serverless door towards a GroupServer in trouble, by the clock of the stack: how often it asks one
 * that is down, and whether it waits as long as it is asked to (Retry-After).
 */
import type { Stack } from '../../infra/local/stack.ts';
import type { Manner } from './door.ts';
import type { StackLog } from './stack-log.ts';

const minute = 60_000;
const mails = 20;

/** The schedule has 9 tries in three hours; the first wait is a minute, less a fifth. */
const most = { tries: 10, inAMinute: 2 };
const shortestWait = 48_000;
const askedWait = 1800;

/** Sends a few mails and watches. */
export async function stackManners(
  stack: Stack,
  log: StackLog,
  send: (count: number) => Promise<void>,
): Promise<Manner[]> {
  const watch = async (minutes: number) => {
    const before = log.tries.length;
    for (let gone = 0, step = 1; gone < minutes; gone += step) {
      await stack.settled(120_000);
      // The waits grow, too.
      step = gone < 20 ? 1 : 5;
      stack.turnClock(step * minute);
    }
    await stack.settled(120_000);
    log.read();
    const tries = log.tries.slice(before).filter(({ code }) => code === '4.4.4' || code === '4.5.0');
    return [...Map.groupBy(tries, ({ delivery }) => delivery).values()].map((of) => of.map(({ at }) => at));
  };

  await stack.groupServer.offline();
  await send(mails);
  const down = await watch(180);
  const tries = Math.max(...down.map(({ length }) => length));
  const wait = Math.min(...down.flatMap(waits));
  const inAMinute = mostInAMinute(down);

  await stack.groupServer.online();
  stack.groupServer.faults.always({ kind: 'status', status: 503, headers: { 'retry-after': String(askedWait) } });
  // The first waits of the schedule are shorter than what is asked for: only new mail shows who is obeyed.
  await send(mails);
  const asked = await watch(150);
  stack.groupServer.faults.clear();
  const honoured = Math.min(...asked.flatMap(waits));

  return [
    {
      text: `GroupServer down for 3 hours, ${down.length} deliveries waiting: ${down.flat().length} tries, at most ${tries} of each and ${inAMinute} of each in any minute, ${Math.round(wait / 1000)} s apart at least`,
      isGood: down.length > 0 && tries <= most.tries && inAMinute <= most.inAMinute && wait >= shortestWait,
    },
    {
      text: `Retry-After: ${askedWait}: ${asked.flat().length} tries of ${asked.length} deliveries in 2.5 hours, ${Math.round(honoured / 1000)} s apart at least`,
      isGood: asked.length > 0 && honoured >= askedWait * 1000 - 1000,
    },
  ];
}

function waits(times: readonly number[]): number[] {
  return times.slice(1).map((at, index) => at - (times[index] ?? at));
}

/** The most tries of one delivery within a minute. */
function mostInAMinute(deliveries: readonly (readonly number[])[]): number {
  return Math.max(
    ...deliveries.flatMap((times) =>
      times.map((from) => times.filter((at) => at >= from && at < from + minute).length),
    ),
  );
}
