/** What any local user may learn of a process from /proc, and what it listens on. Linux only. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Processes that this one has started, and those that they have started, while they live. */
export function descendants(pid: number): number[] {
  const children = quietly(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')) ?? '';
  return children
    .split(' ')
    .filter(Boolean)
    .map(Number)
    .flatMap((child) => [child, ...descendants(child)]);
}

/** The words and the environment of a process, which `ps` shows to everybody, or to its user. */
export function shownOf(pid: number): string {
  const read = (name: string) => quietly(() => readFileSync(`/proc/${pid}/${name}`, 'latin1')) ?? '';
  return `${read('comm')}\0${read('cmdline')}\0${read('environ')}`;
}

export interface Listening {
  /** As the kernel writes it, in hexadecimal: 0100007F is 127.0.0.1. */
  readonly address: string;
  readonly port: number;
}

/** All TCP sockets on which a process listens (proc_pid_net(5): state 0A). */
export function listeningSockets(pid: number): Listening[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((descriptor) => {
      const target = quietly(() => readlinkSync(`/proc/${pid}/fd/${descriptor}`)) ?? '';
      return /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? [];
    }),
  );
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'latin1')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === '0A' && inodes.has(inode ?? ''))
      .map(([, local = '']) => {
        const [address = '', port = ''] = local.split(':');
        return { address, port: Number.parseInt(port, 16) };
      }),
  );
}

function quietly<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    // The process, or the descriptor, has gone meanwhile.
    return undefined;
  }
}
