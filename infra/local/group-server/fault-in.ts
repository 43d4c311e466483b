/**
 * Reads a fault that came as JSON from another process. The table names the properties of each kind; a kind that is
 * missing here, or a property of another type, does not compile or is no fault.
 */
import type { Fault } from './fault.ts';

type Check = (value: unknown) => boolean;

const number: Check = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const string: Check = (value) => typeof value === 'string';
const oneOf =
  (...choices: readonly unknown[]): Check =>
  (value) =>
    choices.includes(value);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const strings: Check = (value) => Array.isArray(value) && value.every(string);
const headers: Check = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(string);
const moment = oneOf('at-once', 'after-head', 'after-body', 'mid-answer');

const kinds: { [Kind in Fault['kind']]: Record<Exclude<keyof Extract<Fault, { kind: Kind }>, 'kind'>, Check> } = {
  status: { status: number, headers: optional(headers), body: optional(string) },
  'refused-form': { labels: strings },
  reset: { when: moment },
  hang: { when: moment },
  drip: { bytesPerSecond: (value) => number(value) && value !== 0 },
  truncate: { chunked: optional((value) => typeof value === 'boolean') },
  'wrong-length': { extra: optional(number) },
  garbage: { bytes: optional(string) },
  empty: {},
  close: {},
  body: { status: optional(number), body: string, headers: optional(headers) },
  redirect: { status: number, location: optional(string) },
  huge: { bytes: (value) => number(value) || value === 'endless', box: optional(oneOf('first', 'last')) },
  informational: {},
  delay: { milliseconds: number },
  'accept-then-lose': {},
  'early-answer': { status: number },
  chunked: {},
  compressed: {},
};

/** The fault in this value, if it is one. */
export function faultIn(value: unknown): Fault | undefined {
  return isFault(value) ? value : undefined;
}

function isFault(value: unknown): value is Fault {
  if (typeof value !== 'object' || value === null || !('kind' in value) || typeof value.kind !== 'string') return false;
  const checks = new Map<string, Record<string, Check>>(Object.entries(kinds)).get(value.kind);
  if (!checks) return false;
  const given = new Map<string, unknown>(Object.entries(value));
  return (
    Object.entries(checks).every(([name, check]) => check(given.get(name))) &&
    [...given.keys()].every((name) => name === 'kind' || name in checks)
  );
}
