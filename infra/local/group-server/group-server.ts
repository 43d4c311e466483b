/**
 * The reference GroupServer: a real HTTP(S) server on 127.0.0.1 that stands for GroupServer in tests, demo and local
 * stack. Its four pages take and refuse what the real ones do, it remembers everything, and it misbehaves on demand.
 * A second port, the side door, has its control and web page, whatever state the server proper is in.
 */
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { answerRequest } from './answer-request.ts';
import { control } from './control.ts';
import { createFaultScript } from './fault.ts';
import { type Listener, listen } from './listener.ts';
import { createMessageStore } from './message-store.ts';
import type { GroupServer, GroupServerOptions } from './record.ts';
import { webPage } from './web-page.ts';
import type { Site } from './work.ts';

export type { Fault, FaultScript, Moment } from './fault.ts';
export type { Page } from './page.ts';
export type {
  Bounce,
  Generation,
  GroupServer,
  GroupServerOptions,
  Post,
  RecordedRequest,
  Relayed,
  StoredMessage,
} from './record.ts';

/** Starts a reference GroupServer; rejects when a port is taken. */
export async function startGroupServer(options: GroupServerOptions = {}): Promise<GroupServer> {
  const site: Site = {
    token: options.token ?? 'theValueOfTheToken',
    groups: options.groups ?? ['example_group', 'second_group', 'third_group'],
    domains: options.domains ?? ['groups.example.com'],
    members: options.members,
    generation: options.generation ?? 2014,
    repeatedAdd: options.duplicates ?? 'drop',
    requests: [],
    posts: [],
    duplicates: [],
    relayed: [],
    bounces: [],
    known: new Map(),
  };
  const store = createMessageStore(options.keepMessages ?? 'all');
  const faults = createFaultScript();
  let up = new AbortController();

  const answer: RequestListener = (request, response) => {
    if (control(server, request, response) || webPage(server, request, response)) return;
    const { signal } = up;
    const reset = () => listener.reset(request.socket);
    void answerRequest(site, store, (page) => faults.take(page), { request, response, reset, signal });
  };
  const proper = options.tls ? createHttpsServer(options.tls, answer) : createHttpServer(answer);
  const listener: Listener = await listen(proper, options.port ?? 0, () => faults.takeAtOnce()?.kind);
  const side = await listen(
    createHttpServer((request, response) => {
      if (control(server, request, response) || webPage(server, request, response)) return;
      response.writeHead(404).end();
    }),
    options.sidePort ?? 0,
  );

  const server: GroupServer = {
    url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${listener.port}`,
    port: listener.port,
    sideUrl: `http://127.0.0.1:${side.port}`,
    groups: site.groups,
    requests: site.requests,
    posts: site.posts,
    duplicates: site.duplicates,
    relayed: site.relayed,
    bounces: site.bounces,
    faults,
    get token() {
      return site.token;
    },
    set token(value) {
      site.token = value;
    },
    get isOnline() {
      return listener.isOnline;
    },
    async offline() {
      up.abort();
      await listener.offline();
    },
    async online() {
      if (up.signal.aborted) up = new AbortController();
      await listener.online();
    },
    clear() {
      for (const list of [site.requests, site.posts, site.duplicates, site.relayed, site.bounces]) list.length = 0;
      site.known.clear();
      faults.clear();
      store.clear();
    },
    async stop() {
      up.abort();
      await Promise.all([listener.offline(), side.offline()]);
      store.clear();
    },
  };
  return server;
}
