/** The events of test/events, and what test/events/README.md says becomes of each. */
import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../events/', import.meta.url);

/** The names of all events, without `.json`. */
export const eventNames: readonly string[] = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length));

export function readEvent(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
}

/** The first words of what the README says becomes of an event: delivered, parked, quarantined … */
export function documentedFate(name: string): string {
  const readme = readFileSync(new URL('README.md', folder), 'utf8');
  const fate = new RegExp(`^\\| \`${name}\\.json\` \\|[^|]*\\| ([^|]*) \\|$`, 'm').exec(readme)?.[1];
  if (fate === undefined) throw new Error(`test/events/README.md says nothing of ${name}`);
  return fate;
}

/** Where the events say that mail lies. */
export const eventPlace = { bucket: 'smtp2gs-mail-111122223333-us-east-1', prefix: 'inbound/' };

/** The records of an event. */
export function recordsOf(name: string): unknown[] {
  const event = readEvent(name);
  const records: unknown = typeof event === 'object' && event !== null ? Reflect.get(event, 'Records') : undefined;
  return Array.isArray(records) ? records : [];
}
