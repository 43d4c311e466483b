/**
 * What can be made to go wrong at the reference GroupServer, and the script that says for which request.
 * Faults given with `next` are used up in order, then those given with `always` apply. It knows no sockets: what a
 * fault does is in misbehave.ts.
 */
import type { Page } from './page.ts';

/** When a connection is lost or falls silent; `at-once` is before TLS and HTTP on a new connection. */
export type Moment = 'at-once' | 'after-head' | 'after-body' | 'mid-answer';

/** One way to misbehave. "Does the work" means that a post, relayed mail or bounce is recorded as usual. */
export type Fault =
  /** This HTTP status without work, with an HTML page of no meaning unless `body` is given. */
  | { kind: 'status'; status: number; headers?: Record<string, string>; body?: string }
  /** The real error page of the generation, HTTP 200, no work. */
  | { kind: 'refused-form'; labels: readonly string[] }
  /** RST. `mid-answer` does the work. `at-once` counts per connection if no page is named, else it is `after-head`. */
  | { kind: 'reset'; when: Moment }
  /** Silence until the client gives up; moments as for `reset`. */
  | { kind: 'hang'; when: Moment }
  /** Does the work and answers correctly, slowly. */
  | { kind: 'drip'; bytesPerSecond: number }
  /** Does the work, then ends the connection half-way through the announced length, or before the last chunk. */
  | { kind: 'truncate'; chunked?: boolean }
  /** Does the work and sends `extra` bytes (default 100) more than announced. */
  | { kind: 'wrong-length'; extra?: number }
  /** Bytes that are not HTTP (or those of `bytes`, Latin-1), then the end; no work. */
  | { kind: 'garbage'; bytes?: string }
  /** 200 without a body, no work. */
  | { kind: 'empty' }
  /** Reads the request and closes without an answer, no work. */
  | { kind: 'close' }
  /** Any body, 200 unless told otherwise, `text/html` unless `headers` says so, no work. */
  | { kind: 'body'; status?: number; body: string; headers?: Record<string, string> }
  /** A redirect to `location`, which is sent as it is; no work. */
  | { kind: 'redirect'; status: number; location?: string }
  /** A 200 with so much HTML; with `box` does the work and has the real page before (`first`) or after it (`last`). */
  | { kind: 'huge'; bytes: number | 'endless'; box?: 'first' | 'last' }
  /** 103 before the real answer. */
  | { kind: 'informational' }
  /** Waits, then does the work and answers, whether the client is still there or not. */
  | { kind: 'delay'; milliseconds: number }
  /** Does the work, then resets the connection without an answer. */
  | { kind: 'accept-then-lose' }
  /** Answers before the request body has been read, then closes; no work. */
  | { kind: 'early-answer'; status: number }
  /** Does the work and answers correctly in chunks, without a length, as some proxies do. */
  | { kind: 'chunked' }
  /** Does the work and answers in gzip, which nobody asked for. */
  | { kind: 'compressed' };

/** Which faults come, for which page. */
export interface FaultScript {
  /** For the next request (or `times` requests), of that page if named; faults queue up. */
  next(fault: Fault, options?: { page?: Page; times?: number }): void;
  /** For every request that no `next` is left for; one per page and one for all pages. */
  always(fault: Fault, options?: { page?: Page }): void;
  clear(): void;
  /** For the server: the fault of a request to this page (undefined: no page of GroupServer's), used up. */
  take(page: Page | undefined): Fault | undefined;
  /** For the server: the fault of a new connection, used up. */
  takeAtOnce(): Extract<Fault, { kind: 'reset' | 'hang' }> | undefined;
}

/** An empty script. */
export function createFaultScript(): FaultScript {
  let queue: { fault: Fault; page: Page | undefined; left: number }[] = [];
  let standing = new Map<Page | undefined, Fault>();
  const use = (entry: (typeof queue)[number]) => {
    entry.left -= 1;
    queue = queue.filter(({ left }) => left > 0);
    return entry.fault;
  };
  return {
    next: (fault, { page, times = 1 } = {}) => void queue.push({ fault, page, left: times }),
    always: (fault, { page } = {}) => void standing.set(page, fault),
    clear() {
      queue = [];
      standing = new Map();
    },
    take(page) {
      const entry = queue.find((candidate) => candidate.page === undefined || candidate.page === page);
      return entry ? use(entry) : (standing.get(page) ?? standing.get(undefined));
    },
    takeAtOnce() {
      const entry = queue.find(({ page }) => page === undefined);
      const fault = entry?.fault ?? standing.get(undefined);
      if (!fault || !('when' in fault) || fault.when !== 'at-once') return undefined;
      if (entry) use(entry);
      return fault;
    },
  };
}
