/**
 * What GroupServer is made to do wrong: the kinds of trouble that real sites have, drawn at random. Not among them is
 * what a door must take for a final answer, or for the word of another GroupServer.
 */
import type { Fault, GroupServer, Page } from '../../infra/local/group-server/group-server.ts';
import type { Random } from './random.ts';

/** Each keeps a worker busy until the deadline, or keeps everybody away for a while. */
const slow: ReadonlySet<string> = new Set(['hang', 'drip', 'wait']);

/** How likely each kind is. */
const kinds = [
  ['reset', 8],
  ['hang', 1],
  ['truncate', 6],
  ['accept-then-lose', 8],
  ['status', 10],
  ['wait', 5],
  ['refused-form', 3],
  ['page of a proxy', 3],
  ['empty', 2],
  ['close', 3],
  ['garbage', 2],
  ['early-answer', 2],
  ['redirect', 1],
  ['drip', 3],
  ['delay', 4],
] as const;

const pages = ['look-up', 'add', 'relay', 'bounce'] as const satisfies readonly Page[];

/** Orders a fault for the next requests; gives its name. */
export function orderFault(server: GroupServer, random: Random): string {
  const kind = random.weighted(kinds);
  const page = random.chance(0.4) ? undefined : random.pick(pages);
  const times = slow.has(kind) ? 1 : random.integer(1, 4);
  server.faults.next(faultOf(kind, random), { times, ...(page !== undefined && { page }) });
  return kind;
}

function faultOf(kind: (typeof kinds)[number][0], random: Random): Fault {
  switch (kind) {
    case 'reset':
      return { kind, when: random.pick(['at-once', 'after-head', 'after-body', 'mid-answer']) };
    case 'hang':
      return { kind, when: random.pick(['after-body', 'mid-answer']) };
    case 'truncate':
      return { kind, chunked: random.chance(0.5) };
    case 'status':
      return { kind, status: random.pick([500, 502, 503, 504, 429, 403, 404]) };
    case 'wait': {
      const wait = String(random.integer(1, 3));
      return { kind: 'status', status: random.pick([429, 503]), headers: { 'retry-after': wait } };
    }
    case 'refused-form':
      return { kind, labels: ['Token'] };
    case 'page of a proxy':
      return { kind: 'body', body: '<html><body><form id="login">Please log in.</form></body></html>' };
    case 'early-answer':
      return { kind, status: 503 };
    case 'redirect':
      return { kind, status: 302, location: 'http://elsewhere.example.org/' };
    case 'drip':
      return { kind, bytesPerSecond: random.pick([200, 1000, 4000]) };
    case 'delay':
      return { kind, milliseconds: random.integer(100, 1500) };
    case 'accept-then-lose':
    case 'empty':
    case 'close':
    case 'garbage':
      return { kind };
  }
}
