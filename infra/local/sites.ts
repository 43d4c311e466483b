/** The GroupServer sites of a local stack: one reference GroupServer each, and what the function is told of them. */
import { type GroupServer, type GroupServerOptions, startGroupServer } from './group-server/group-server.ts';

/** A site; every part has a default. */
export interface SiteOptions extends GroupServerOptions {
  /** The instance in `gsconfig.ini`; `default` when left out. */
  instance?: string;
}

export interface Site {
  domains: readonly string[];
  instance: string;
  server: GroupServer;
}

/** Starts the GroupServer of each site. */
export async function startSites(options: SiteOptions[]): Promise<Site[]> {
  return await Promise.all(
    options.map(async ({ instance = 'default', domains = ['groups.example.com'], ...rest }) => {
      return { domains, instance, server: await startGroupServer({ domains, ...rest }) };
    }),
  );
}

/** The value of SMTP2GS_SITES. */
export const sitesVariable = (sites: Site[]): string =>
  JSON.stringify(
    Object.fromEntries(
      sites.flatMap(({ domains, instance, server }) =>
        domains.map((domain) => [domain, { url: server.url, instance }]),
      ),
    ),
  );

/** The text of a `gsconfig.ini` with the token of every site. */
export const configText = (sites: Site[]): string =>
  sites
    .map(
      ({ instance, server }) =>
        `[config-${instance}]\nwebservice = ${instance}\n\n[webservice-${instance}]\ntoken = ${server.token}\n`,
    )
    .join('\n');
