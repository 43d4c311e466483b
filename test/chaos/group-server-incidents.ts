/** What may happen to GroupServer, whatever door the mail comes through. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { GroupServer } from '../../infra/local/group-server/group-server.ts';
import type { IncidentKind } from './incident.ts';
import { orderFault } from './server-faults.ts';

/** Makes the incidents; `wentOffline` gets the times, since connections are cut then in the middle of answers. */
export function groupServerIncidents(server: GroupServer, wentOffline: number[]): IncidentKind[] {
  return [
    {
      name: 'GroupServer misbehaves',
      weight: 120,
      run: (random) => orderFault(server, random),
    },
    {
      name: 'GroupServer restarts',
      weight: 8,
      run: async (random) => {
        await server.offline();
        wentOffline.push(Date.now());
        await sleep(random.integer(200, 2500));
        await server.online();
        return undefined;
      },
    },
  ];
}
