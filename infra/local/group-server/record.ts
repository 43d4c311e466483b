/**
 * What the reference GroupServer is told (options), remembers (requests, posts, relayed mail, bounces) and hands out.
 * Types only. Everything that was recorded is plain data, so that tests compare it and the web page renders it.
 */
import type { TlsOptions } from 'node:tls';
import type { FaultScript } from './fault.ts';

/** Which of the three status boxes the pages use: the server's generation, by the year it came out. */
export type Generation = 2010 | 2013 | 2014;

/** How a reference GroupServer is started; everything has a default. */
export interface GroupServerOptions {
  /** 0, the default, is any free port; the host is always 127.0.0.1. */
  port?: number;
  /** Serves https with this PEM key and certificate instead of http; versions and ciphers for tests of old TLS. */
  tls?: { key: string; cert: string } & Pick<TlsOptions, 'minVersion' | 'maxVersion' | 'ciphers'>;
  /** Default `theValueOfTheToken`. */
  token?: string;
  /** Group ids; the address of a group is `<id>@<domain>` for any domain. */
  groups?: readonly string[];
  /** Default `groups.example.com`. */
  domains?: readonly string[];
  /** The addresses that the bounce page knows, others get its "no user was found"; left out, it knows everybody. */
  members?: readonly string[];
  /** Default 2014, the last one. */
  generation?: Generation;
  /** A repeated add of the same message to the same group: 200 as if it were new (`drop`, the default), or 500. */
  duplicates?: 'drop' | 'error';
  /** `digest` keeps size, SHA-256 and the first 64 KiB of a message; `all`, the default, keeps every byte. */
  keepMessages?: 'all' | 'digest';
  /** Port of the side door (control and web page, reachable while the server is offline or misbehaves); default free. */
  sidePort?: number;
}

/** A message as it came out of the form, byte for byte. */
export interface StoredMessage {
  size: number;
  /** Hexadecimal. */
  sha256: string;
  /** The whole message; rejects when only a digest was kept, or after `clear()` or `stop()` for a message above 1 MiB. */
  bytes(): Promise<Buffer>;
  /** The first 64 KiB. */
  head: Buffer;
}

/** One HTTP request, recorded when its head has arrived and completed as it goes on. */
export interface RecordedRequest {
  /** Milliseconds since the epoch. */
  at: number;
  /** Path and query, as sent. */
  path: string;
  method: string;
  headers: Record<string, string>;
  /** The fields of the form without their prefix `form.`; `emailMessage` and `token` are left out. */
  fields: Record<string, string>;
  tokenOk: boolean;
  message?: StoredMessage;
  /** The labels of the fields that were refused, in the order of the form. */
  refused: readonly string[];
  /** `fault` until it is answered, and for ever when a fault or a lost client left it without one whole answer. */
  answeredStatus: number | 'fault';
}

/** A message that was accepted for a group. */
export interface Post {
  groupId: string;
  message: StoredMessage;
  /** As sent; empty when the field was missing. */
  timeSource: string;
  idempotencyKey?: string;
  at: number;
  /** The index in `posts` of the first one. */
  duplicateOf?: number;
}

/** A message that was accepted for one member. */
export interface Relayed {
  /** The first `To` of the message, unfolded; the real server finds the member in it. */
  to: string;
  message: StoredMessage;
  idempotencyKey?: string;
  at: number;
}

/** A bounce that was recorded for a member. */
export interface Bounce {
  userEmail: string;
  groupEmail: string;
  userFound: boolean;
  idempotencyKey?: string;
  at: number;
}

/** A running reference GroupServer. */
export interface GroupServer {
  /** Scheme, host and port, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Where control (`/_control`) and web page (`/`) answer whatever happens to the server proper; plain http. */
  readonly sideUrl: string;
  readonly groups: readonly string[];
  readonly requests: RecordedRequest[];
  /** Accepted and new only. */
  readonly posts: Post[];
  readonly duplicates: Post[];
  readonly relayed: Relayed[];
  readonly bounces: Bounce[];
  /** May be set while the server runs. */
  token: string;
  readonly faults: FaultScript;
  readonly isOnline: boolean;
  /** Closes the listening socket and all connections; the port is kept for `online()`. */
  offline(): Promise<void>;
  online(): Promise<void>;
  /** Forgets requests, posts, relayed mail, bounces and faults. */
  clear(): void;
  /** Closes everything and gives the disk space back; may be called twice. */
  stop(): Promise<void>;
}
