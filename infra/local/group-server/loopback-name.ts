/**
 * Tells whether a browser means this machine. A page of somebody else can have its own name resolve to 127.0.0.1 (DNS
 * rebinding) and would then read what is served there; but the name stands in Host.
 */
import type { IncomingMessage } from 'node:http';

export function isByLoopbackName({ headers }: IncomingMessage): boolean {
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(headers.host ?? '');
}
