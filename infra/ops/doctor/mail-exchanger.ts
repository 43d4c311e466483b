/** Checks that mail for a domain goes to SES: its MX record (RFC 5321 section 5.1). */
import { Resolver } from 'node:dns/promises';
import type { Stack } from '../stack.ts';
import { type Check, type Finding, ill, well } from './check.ts';

/** Gives one check for each domain; `server` is a DNS server other than the machine's. */
export function mailExchangerChecks(stack: Stack, server: string | undefined): Check[] {
  // Milliseconds, doubled for the second try.
  const resolver = new Resolver({ timeout: 3000, tries: 2 });
  if (server !== undefined) resolver.setServers([server]);
  const wanted = `inbound-smtp.${stack.region}.amazonaws.com`;
  const domains = stack.parameter('RecipientDomains').split(',');
  return domains.map((domain) => ({
    name: `MX record of ${domain}`,
    look: () => mailExchanger(resolver, domain, wanted),
  }));
}

async function mailExchanger(resolver: Resolver, domain: string, wanted: string): Promise<Finding> {
  const remedy = `set it, last of all: ${domain}. IN MX 10 ${wanted}.`;
  try {
    const records = await resolver.resolveMx(domain);
    const hosts = records.map(({ exchange }) => exchange.toLowerCase().replace(/\.$/, ''));
    const others = hosts.filter((host) => host !== wanted);
    if (!hosts.includes(wanted)) return ill(`names ${others.join(', ')}`, remedy);
    return others.length === 0
      ? well(wanted)
      : ill(`names ${others.join(', ')} as well: part of the mail goes there`, 'remove the others');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENODATA' || code === 'ENOTFOUND') return ill('there is none', remedy);
    return ill(`DNS does not answer (${String(code)})`, 'ask again, or another server with --dns-server');
  }
}
