/**
 * Finds what this machine has to compare with: curl, Python with or without requests, Perl with LWP, wrk. What is not there
 * is left out of the tables, with a line that says how to get it on Debian.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Peers {
  /** Paths; undefined for what is not there. */
  readonly python: string | undefined;
  /** A Python that has requests. */
  readonly requests: string | undefined;
  readonly curl: string | undefined;
  readonly lwp: string | undefined;
  readonly wrk: string | undefined;
  /** Names and versions. */
  readonly versions: Readonly<Record<string, string>>;
  readonly missing: readonly string[];
}

/** Looks for them. */
export function findPeers(): Peers {
  const pythons = ['/usr/bin/python3', inPath('python3')].flatMap((path) => {
    // The real program: a version manager puts a shell script of its own in PATH.
    const real = path && said(path, '-c', 'import sys; print(sys.executable)');
    return real ? [real] : [];
  });
  const requests = pythons.find((path) => said(path, '-c', 'import requests') !== undefined);
  const perl = inPath('perl');
  const lwp = perl && said(perl, '-MLWP::Protocol::https', '-e', '1') !== undefined ? perl : undefined;
  const curl = inPath('curl');
  const wrk = inPath('wrk');
  const versions = {
    python: requests && said(requests, '-c', 'import sys; print(sys.version.split()[0])'),
    requests: requests && said(requests, '-c', 'import requests; print(requests.__version__)'),
    curl: curl && said(curl, '--version')?.split(' ')[1],
    lwp: lwp && said(lwp, '-MLWP', '-e', 'print $LWP::VERSION'),
  };
  const packages = { curl, 'python3-requests': requests, 'libwww-perl liblwp-protocol-https-perl': lwp, wrk };
  return {
    python: pythons[0],
    requests,
    curl,
    lwp,
    wrk,
    versions: Object.fromEntries(Object.entries(versions).flatMap(([name, text]) => (text ? [[name, text]] : []))),
    missing: Object.entries(packages).flatMap(([name, path]) => (path === undefined ? [name] : [])),
  };
}

function inPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** What a program says on its standard output; undefined when it fails. */
export function said(path: string, ...words: string[]): string | undefined {
  try {
    return execFileSync(path, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}
