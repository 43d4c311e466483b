/**
 * The site that LMTP delivers to, as the configuration file says now: the file is looked at for each mail and read again
 * when it has changed, so that a mended token needs no restart. A file that is broken is `config-invalid` until it is
 * mended. Look-ups are remembered as long as the configuration stays.
 */
import { statSync } from 'node:fs';
import { type GroupServer, groupServer, type TimeSource } from '../../core/groupserver.ts';
import { cacheLookUps } from '../../core/look-up-cache.ts';
import type { Post } from '../../core/transport.ts';
import { readConfig } from '../configuration-file.ts';
import { httpTransport } from '../http-transport.ts';
import { readCaFile } from '../input-file.ts';

export interface SiteOptions {
  readonly url: URL;
  /** The places where the configuration file may be. */
  readonly config: readonly string[];
  readonly instance: string;
  readonly caFile: string | undefined;
  readonly insecure: boolean;
  readonly timeSource: TimeSource;
  /** Connections at once. */
  readonly maxSockets: number;
  /** What stands between the pages and the network. */
  readonly around: (post: Post) => Post;
}

export interface Site {
  /** Remembers look-ups. */
  readonly groupServer: GroupServer;
  readonly relayPrefix: string;
}

export interface ConfiguredSite {
  /** Throws `config-invalid`. */
  current(): Site;
  /** Has everything read again at the next use. */
  forget(): void;
}

/** Gives the site of a configuration file; reads nothing yet. */
export function configuredSite(options: SiteOptions): ConfiguredSite {
  const files = [...options.config, ...(options.caFile === undefined ? [] : [options.caFile])];
  let known: { site: Site; state: string } | undefined;
  return {
    current() {
      // Taken before the files are read: a change in between is found at the next use.
      const state = files.map(stateOf).join();
      if (known?.state !== state) {
        known = undefined;
        known = { site: readSite(options), state };
      }
      return known.site;
    },
    forget() {
      known = undefined;
    },
  };
}

function readSite({ url, config, instance, caFile, insecure, timeSource, maxSockets, around }: SiteOptions): Site {
  const { token, relayPrefix } = readConfig(config, instance);
  const ca = caFile === undefined ? undefined : readCaFile(caFile);
  const post = around(httpTransport({ ca, insecure, maxSockets }));
  const server = groupServer({ site: url, token, timeSource, post });
  return { groupServer: cacheLookUps(server, () => performance.now()), relayPrefix };
}

function stateOf(path: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch {
    return 'none';
  }
}
