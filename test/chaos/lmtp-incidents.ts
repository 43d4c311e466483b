/** What may happen to the LMTP server. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { GroupServer } from '../../infra/local/group-server/group-server.ts';
import type { IncidentKind } from './incident.ts';
import { inTheMiddleOfAPost } from './middle-of-post.ts';
import type { RestartableLmtp } from './restartable-lmtp.ts';

/** Ends the server by force or in order, and starts it again. */
export function lmtpIncidents(server: GroupServer, lmtp: RestartableLmtp): IncidentKind[] {
  const restart = async (signal: NodeJS.Signals, away: number) => {
    await lmtp.stop(signal);
    await sleep(away);
    await lmtp.start();
    return undefined;
  };
  return [
    {
      name: 'the LMTP server is killed in the middle of a POST',
      weight: 10,
      isEarly: true,
      run: async (random) => {
        await inTheMiddleOfAPost(server, random);
        return await restart('SIGKILL', random.integer(0, 1500));
      },
    },
    {
      name: 'the LMTP server is killed',
      weight: 4,
      isEarly: true,
      run: async (random) => await restart('SIGKILL', random.integer(0, 500)),
    },
    {
      name: 'the LMTP server is stopped in order',
      weight: 4,
      isEarly: true,
      run: async (random) => await restart('SIGTERM', random.integer(0, 500)),
    },
  ];
}
