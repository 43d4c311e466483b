/**
 * Reads a configuration snippet of infra/mta, the same text that `smtp2gs mta-config` prints, with its placeholders
 * filled in, and takes it apart: a line `#### <path>` begins the part that belongs into that file.
 * Throws when a placeholder was left over.
 */
import { readFileSync } from 'node:fs';

export interface Filling {
  /** The absolute path of the command, and options if there are any. */
  PROGRAM: string;
  URL: string;
  /** The domain of the groups. */
  DOMAIN: string;
  /** The account as which the command runs. */
  USER: string;
}

/** The parts of a snippet by the path of the file they belong into. */
export function readMtaSnippet(name: string, filling: Filling): Map<string, string> {
  let text = readFileSync(new URL(`../../infra/mta/${name}.txt`, import.meta.url), 'utf8');
  for (const [placeholder, value] of Object.entries(filling)) text = text.replaceAll(`@${placeholder}@`, () => value);
  const left = /@[A-Z]+@/.exec(text);
  if (left) throw new Error(`infra/mta/${name}.txt has an unknown placeholder: ${left[0]}`);
  const parts = text.split(/^#### /m).slice(1);
  return new Map(
    parts.map((part) => {
      const [path = '', ...lines] = part.split('\n');
      return [path, lines.join('\n')];
    }),
  );
}
