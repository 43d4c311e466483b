/**
 * The manners of the LMTP server towards a GroupServer in trouble, while Postfix presses: how often it asks one that is
 * down, and whether it waits as long as it is asked to (Retry-After).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { GroupServer } from '../../infra/local/group-server/group-server.ts';
import type { PrivatePostfix } from '../postfix/private-postfix.ts';
import type { Manner } from './door.ts';
import type { RestartableLmtp } from './restartable-lmtp.ts';

const mails = 20;

/** Seconds for which GroupServer is in trouble, each time. */
const trouble = 12;

/** Three in a row, as many as are under way by then, and one every five seconds. */
const mostTries = 3 + 10 + Math.ceil(trouble / 5);

/** Seconds that GroupServer asks for, in which requests that are under way still come, and by which clocks may differ. */
const askedWait = 5;
const underWay = 2;
const tolerance = 0.5;

/** Sends a few mails and watches. */
export async function lmtpManners(
  server: GroupServer,
  postfix: PrivatePostfix,
  lmtp: RestartableLmtp,
  send: (count: number) => Promise<void>,
): Promise<Manner[]> {
  const press = async (seconds: number) => {
    for (let gone = 0; gone < seconds; gone += 2) {
      await postfix.place.must(['postqueue', '-f']);
      await sleep(2000);
    }
  };

  await server.offline();
  const before = lmtp.said().length;
  await send(mails);
  await press(trouble);
  const lines = lmtp.said().slice(before).split('\n');
  const unreachable = lines.filter((line) => line.includes(' 4.4.4 '));
  const tries = unreachable.filter((line) => !line.includes('not asked again')).length;

  const asked = server.requests.length;
  server.faults.always({ kind: 'status', status: 503, headers: { 'retry-after': String(askedWait) } });
  await server.online();
  await press(3 * askedWait + underWay);
  const times = server.requests.slice(asked).map(({ at }) => at);
  server.faults.clear();
  const rounds = roundsOf(times);
  const waits = rounds.slice(1).map(([start = 0], index) => (start - (rounds[index]?.at(-1) ?? 0)) / 1000);
  const shortest = Math.min(...waits);

  return [
    {
      text: `GroupServer down for ${trouble} s, Postfix pressing with ${mails} mails: ${tries} tries to connect (at most ${mostTries}), ${unreachable.length - tries} deliveries put off without one`,
      isGood: tries > 0 && tries <= mostTries,
    },
    {
      text: `Retry-After: ${askedWait}: ${times.length} requests in ${rounds.length} rounds, ${shortest.toFixed(1)} s apart at least`,
      isGood: rounds.length > 1 && shortest >= askedWait - tolerance,
    },
  ];
}

/** Requests that follow each other closely. */
function roundsOf(times: readonly number[]): number[][] {
  const rounds: number[][] = [];
  for (const at of times) {
    const round = rounds.at(-1);
    if (round && at - (round[0] ?? at) < underWay * 1000) round.push(at);
    else rounds.push([at]);
  }
  return rounds;
}
