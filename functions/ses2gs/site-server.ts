/**
 * The GroupServer of a site, with the token of its instance: kept from mail to mail, with the groups that were looked
 * up, until the token changes. It throws `config-invalid` or `url-without-host` where the settings are wrong.
 */
import { parseConfig } from '../core/config.ts';
import { type GroupServer, groupServer, type TimeSource } from '../core/groupserver.ts';
import { cacheLookUps } from '../core/look-up-cache.ts';
import { siteUrl } from '../core/site-url.ts';
import type { Post } from '../core/transport.ts';
import { configText } from './config-text.ts';
import type { Settings } from './settings.ts';
import type { Site } from './sites.ts';

export interface SiteServer {
  readonly groupServer: GroupServer;
  /** What an address of a member begins with. */
  readonly relayPrefix: string;
  readonly token: string;
}

const kept = new Map<string, SiteServer & { timeSource: TimeSource }>();

/** Gives the server of a site; `fresh` fetches the token even when it is kept. */
export async function siteServer(
  { url, instance }: Site,
  { config, timeSource }: Pick<Settings, 'config' | 'timeSource'>,
  post: Post,
  options: { fresh?: boolean } = {},
): Promise<SiteServer> {
  const { token, relayPrefix } = parseConfig(await configText(config, options), instance);
  const key = `${url} ${instance}`;
  const known = kept.get(key);
  if (known?.token === token && known.relayPrefix === relayPrefix && known.timeSource === timeSource) return known;
  const server = cacheLookUps(groupServer({ site: siteUrl(url), token, timeSource, post }), Date.now);
  const made = { groupServer: server, relayPrefix, token, timeSource };
  kept.set(key, made);
  return made;
}
