/**
 * What the figures were measured on and with, so that they can be compared with others.
 */
import { readFileSync, statSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { type Peers, said } from './peers.ts';
import type { Workshop } from './workshop.ts';

/** Facts by name. */
export function machineFacts(peers: Peers, workshop: Workshop): Record<string, string> {
  const { model = 'unknown' } = cpus()[0] ?? {};
  const size = (name: string) => {
    const path = workshop.artefact(name);
    return path === undefined ? 'not built' : `${(statSync(path).size / 1024).toFixed(0)} KiB`;
  };
  return {
    time: new Date().toISOString(),
    processors: `${availableParallelism()} x ${model}`,
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    system: `Linux ${release()}, ${distribution()}`,
    node: process.version,
    ...peers.versions,
    'load before': loadavg()
      .map((load) => load.toFixed(2))
      .join(' '),
    scheduling: said('/usr/bin/chrt', '-p', String(process.pid))?.split('\n')[0]?.replace(/^.*: /, '') ?? 'unknown',
    commit: said('git', '-C', import.meta.dirname, 'describe', '--always', '--dirty') ?? 'unknown',
    smtp2gs: size('smtp2gs'),
    'smtp2gs.cjs': size('smtp2gs.cjs'),
    'ses2gs/index.mjs': size('ses2gs/index.mjs'),
  };
}

function distribution(): string {
  try {
    return /PRETTY_NAME="([^"]+)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
