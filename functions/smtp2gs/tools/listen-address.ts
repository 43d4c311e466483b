/**
 * Reads where a server is to listen, in the words of an administrator: `host:port`, `[::1]:port` or the path of a Unix
 * socket; Postfix's `inet:` and `unix:` before it are taken, too. What cannot be read is a UsageError.
 */
import { UsageError } from '../usage-error.ts';

export type ListenAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/** Reads an address. */
export function parseListenAddress(text: string): ListenAddress {
  const address = text.replace(/^(inet|unix):/, '');
  if (address.startsWith('/')) return { path: address };
  const [, host, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(address)?.filter(Boolean) ?? [];
  if (host === undefined || port === undefined || Number(port) > 65535) {
    throw new UsageError(`--listen ${text} is neither host:port nor the absolute path of a socket`);
  }
  return { host, port: Number(port) };
}

/** The address as Postfix writes it. */
export function addressText(address: ListenAddress): string {
  if ('path' in address) return `unix:${address.path}`;
  return `inet:${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}
