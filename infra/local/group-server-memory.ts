/**
 * Keeps what the reference GroupServer has accepted: it forgets everything when it stops, so a kept stack writes its
 * posts, relayed mail and recorded bounces down and puts them back at the next start.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openFileStore } from './aws/file-store.ts';
import type { Bounce, GroupServer, Post, Relayed, StoredMessage } from './group-server/group-server.ts';

interface KeptMail {
  list: 'posts' | 'relayed';
  index: number;
  /** The entry without its message. */
  entry: Omit<Post, 'message'> | Omit<Relayed, 'message'>;
  size: number;
  sha256: string;
}
interface KeptBounce {
  list: 'bounces';
  index: number;
  entry: Bounce;
}

/** The most of a message that the server's own record shows without asking for the whole, in bytes. */
const headSize = 65_536;

/** Puts back what the folder has; the answer writes down what is new since then. */
export function keepMemory(server: GroupServer, folder: string): { save(): Promise<void> } {
  const mails = openFileStore<KeptMail>(join(folder, 'mail'));
  const bounces = openFileStore<KeptBounce>(join(folder, 'bounces'));
  const file = (list: string, index: number) => join(folder, `${list}-${index}.eml`);

  const message = ({ list, index, size, sha256 }: KeptMail): StoredMessage => {
    const path = file(list, index);
    return { size, sha256, bytes: () => readFile(path), head: readFileSync(path).subarray(0, headSize) };
  };
  for (const kept of mails.all().toSorted((a, b) => a.index - b.index)) {
    if (kept.list === 'posts' && 'groupId' in kept.entry) server.posts.push({ ...kept.entry, message: message(kept) });
    if (kept.list === 'relayed' && 'to' in kept.entry) server.relayed.push({ ...kept.entry, message: message(kept) });
  }
  server.bounces.push(
    ...bounces
      .all()
      .toSorted((a, b) => a.index - b.index)
      .map(({ entry }) => entry),
  );
  const saved = { posts: server.posts.length, relayed: server.relayed.length, bounces: server.bounces.length };

  async function saveMail(list: 'posts' | 'relayed'): Promise<void> {
    while (saved[list] < server[list].length) {
      const index = saved[list]++;
      const item = server[list][index];
      if (!item) continue;
      const { message: stored, ...entry } = item;
      writeFileSync(file(list, index), await stored.bytes());
      mails.put(`${list}-${index}`, { list, index, entry, size: stored.size, sha256: stored.sha256 });
    }
  }
  return {
    save: async () => {
      await saveMail('posts');
      await saveMail('relayed');
      for (const [index, entry] of server.bounces.entries())
        if (index >= saved.bounces) bounces.put(String(index), { list: 'bounces', index, entry });
      saved.bounces = server.bounces.length;
    },
  };
}
