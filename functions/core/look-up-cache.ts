/**
 * Remembers where a process lives on (LMTP, Lambda) which group an address belongs to. Only groups that were found are
 * remembered, for a minute; a post that fails forgets its group. One cache serves one site and instance.
 */
import type { Group, GroupServer } from './groupserver.ts';

/** Milliseconds. */
const lifetime = 60_000;

/** Entries; the oldest makes room. */
const capacity = 10_000;

/** Makes a GroupServer that asks for an address at most once a minute. `now` is a clock in milliseconds. */
export function cacheLookUps(server: GroupServer, now: () => number): GroupServer {
  const known = new Map<string, { group: Group; until: number }>();
  const forget = (group: Group) => {
    for (const [address, entry] of known) if (entry.group.id === group.id) known.delete(address);
  };
  return {
    ...server,
    async findGroup(address, signal) {
      const entry = known.get(address);
      if (entry && entry.until > now()) return entry.group;
      known.delete(address);
      const group = await server.findGroup(address, signal);
      if (known.size >= capacity) known.delete(known.keys().next().value ?? '');
      known.set(address, { group, until: now() + lifetime });
      return group;
    },
    async addPost(group, message, key, signal) {
      try {
        await server.addPost(group, message, key, signal);
      } catch (error) {
        forget(group);
        throw error;
      }
    },
  };
}
