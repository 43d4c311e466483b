/** Waits until a message is on its way to GroupServer and will not be answered for a moment. */
import type { GroupServer } from '../../infra/local/group-server/group-server.ts';
import type { Random } from './random.ts';
import { isSoon } from './soon.ts';

/** Resolves then, or when no message comes. */
export async function inTheMiddleOfAPost({ faults, requests }: GroupServer, random: Random): Promise<void> {
  const before = requests.length;
  const isAdd = ({ path }: { path: string }) => path.includes('add-email');
  faults.next({ kind: 'delay', milliseconds: random.integer(200, 1000) }, { page: 'add', times: 3 });
  await isSoon(() => requests.slice(before).some(isAdd), 4000);
}
