/** Inputs from files: the odd mails of test/fixtures and the events of test/events. */
import { readdirSync, readFileSync } from 'node:fs';

function filesIn(folder: string, end: string): Buffer[] {
  const place = new URL(`../${folder}/`, import.meta.url);
  const names = readdirSync(place).filter((name) => name.endsWith(end));
  return names.map((name) => readFileSync(new URL(name, place)));
}

export const mails: readonly Buffer[] = filesIn('fixtures', '.eml');
export const events: readonly Buffer[] = filesIn('events', '.json');
