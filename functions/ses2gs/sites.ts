/**
 * Which GroupServer site a recipient belongs to: `SMTP2GS_SITES`, a map from domain to URL and instance. Text that is no
 * such map is `config-invalid`; a URL is judged only when mail for its site comes, so that one wrong site does not stop
 * the others.
 */
import { DeliveryFailure } from '../core/delivery-status.ts';
import { isObject, parsedJson, textProperty } from './json.ts';

export interface Site {
  readonly url: string;
  /** Names the set of gsconfig.ini: `[config-INSTANCE]`. */
  readonly instance: string;
}

/** Sites by recipient domain, in lower case. */
export type Sites = ReadonlyMap<string, Site>;

/** Parses `{"groups.example.com": {"url": "https://…", "instance": "default"}}`; the instance may be left out. */
export function parseSites(text: string): Sites {
  const value = parsedJson(text);
  if (!isObject(value)) throw invalid('is no JSON object');
  const sites = Object.entries(value).map(([domain, site]): [string, Site] => {
    const url = textProperty(site, 'url');
    const instance = textProperty(site, 'instance') ?? 'default';
    if (!url) throw invalid(`has no url for ${domain}`);
    return [domain.toLowerCase(), { url, instance }];
  });
  if (sites.length === 0) throw invalid('names no site');
  return new Map(sites);
}

/** Finds the site of a recipient; undefined where no site has its domain. */
export function siteOf(sites: Sites, recipient: string): Site | undefined {
  return sites.get(domainOf(recipient));
}

/** Gives what stands behind the last `@`, in lower case. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}

function invalid(why: string): DeliveryFailure {
  return new DeliveryFailure('config-invalid', `SMTP2GS_SITES ${why}`);
}
