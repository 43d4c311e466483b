/**
 * Checks the way to the server below HTTP: its name, its addresses, its certificate.
 */
import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import { connectTimeout } from '../../../core/transport.ts';
import { codeOf } from '../../input-file.ts';
import { type Finding, failed, ok, warning } from './finding.ts';

/** The addresses of the host, and what was found. */
export async function checkName(url: URL): Promise<{ finding: Finding; addresses: readonly string[] }> {
  const host = hostOf(url);
  if (isIP(host)) return { finding: ok('host name', `${host} is an address`), addresses: [host] };
  try {
    const addresses = (await lookup(host, { all: true })).map(({ address }) => address);
    return { finding: ok('host name', `${host} is ${addresses.join(', ')}`), addresses };
  } catch (error) {
    const remedy = 'mend the name in the URL, or the resolver of this host (/etc/resolv.conf, /etc/hosts)';
    return { finding: failed('host name', `${host} cannot be resolved (${codeOf(error)})`, remedy), addresses: [] };
  }
}

/** Whether the addresses take connections. */
export async function checkConnection(url: URL, addresses: readonly string[]): Promise<Finding> {
  const port = portOf(url);
  const tries = await Promise.all(
    addresses.map(async (address) => ({ address, problem: await tryToConnect(address, port) })),
  );
  const silent = tries.filter(({ problem }) => problem !== undefined);
  const text = silent.map(({ address, problem }) => `${address} port ${port}: ${problem}`).join('; ');
  if (silent.length === 0) return ok('connection', `port ${port} answers`);
  const remedy = 'start the web server, or have the firewalls between let this host through';
  if (silent.length === tries.length) return failed('connection', text, remedy);
  return warning('connection', `not all addresses answer: ${text}`, `${remedy}; or take the address out of the DNS`);
}

/** Undefined if it worked. */
function tryToConnect(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (problem: string | undefined) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(problem);
    };
    const timer = setTimeout(() => end(`no connection within ${connectTimeout} s`), connectTimeout * 1000);
    socket.once('connect', () => end(undefined));
    socket.once('error', (error) => end(codeOf(error)));
  });
}

/** The host without the brackets of an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

export function portOf(url: URL): number {
  return Number(url.port || (url.protocol === 'https:' ? 443 : 80));
}
