/** What may happen to the command that pipe(8) starts. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { GroupServer } from '../../infra/local/group-server/group-server.ts';
import { commandsIn } from '../mta/command-in-place.ts';
import type { PrivatePlace } from '../mta/private-place.ts';
import type { IncidentKind } from './incident.ts';
import { inTheMiddleOfAPost } from './middle-of-post.ts';
import type { Random } from './random.ts';
import { isSoon } from './soon.ts';

/** Kills one of the commands that run, or all of them, wherever they are. */
export function killedCommand(server: GroupServer, place: PrivatePlace): IncidentKind[] {
  const kill = async (random: Random) => {
    const [first, ...rest] = commandsIn(place);
    if (first === undefined) return 'nobody was there';
    const signal = random.weighted([
      ['KILL', 6],
      ['TERM', 2],
      ['SEGV', 1],
    ]);
    const numbers = random.chance(0.3) ? [first, ...rest] : [random.pick([first, ...rest])];
    // Some may have ended meanwhile.
    await place.run(['kill', `-${signal}`, ...numbers]);
    return `SIG${signal}`;
  };
  return [
    {
      name: 'the command is killed in the middle of a POST',
      weight: 10,
      run: async (random) => {
        await inTheMiddleOfAPost(server, random);
        return await kill(random);
      },
    },
    {
      name: 'the command is killed',
      weight: 8,
      run: async (random) => {
        await isSoon(() => commandsIn(place).length > 0, 2000);
        await sleep(random.integer(0, 40));
        return await kill(random);
      },
    },
  ];
}
