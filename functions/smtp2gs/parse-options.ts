/**
 * Reads a command line by a table of options, as Python's argparse did for 3.x: `--name value`, `--name=value`,
 * unambiguous beginnings of long names, `-m1`, `-m 1`, clusters of short switches, `--`. It knows no option's meaning.
 * What it cannot read is a UsageError.
 */
import type { OptionRow } from './options.ts';
import { UsageError } from './usage-error.ts';

export interface ParsedOptions {
  /** By long name; a switch has the value ''. The last of several wins. */
  readonly values: ReadonlyMap<string, string>;
  readonly operands: readonly string[];
}

/** Reads a command line; a value that begins with `-` is taken as one when it is glued on with `=`. */
export function parseOptions(table: readonly OptionRow[], argv: readonly string[]): ParsedOptions {
  const values = new Map<string, string>();
  const operands: string[] = [];
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') operands.push(...rest.splice(0));
    else if (word.startsWith('--')) takeLong(word);
    else if (word.startsWith('-') && word !== '-') takeShort(word);
    else operands.push(word);
  }
  return { values, operands };

  function takeLong(word: string): void {
    const equals = word.indexOf('=');
    const name = word.slice(2, equals < 0 ? undefined : equals);
    const row = rowOf(name);
    if (equals >= 0 && row.value === undefined) throw new UsageError(`--${row.long} takes no value`);
    put(row, equals >= 0 ? word.slice(equals + 1) : undefined);
  }

  function takeShort(word: string): void {
    const row = table.find((each) => each.short === word.charAt(1));
    if (!row) throw new UsageError(`unknown option ${word.slice(0, 2)}; see smtp2gs --help`);
    const glued = word.slice(2);
    if (row.value !== undefined) {
      put(row, glued === '' ? undefined : glued.replace(/^=/, ''));
      return;
    }
    put(row, undefined);
    if (glued !== '') takeShort(`-${glued}`);
  }

  function rowOf(name: string): OptionRow {
    const exact = table.find((each) => each.long === name);
    if (exact) return exact;
    const candidates = table.filter((each) => name !== '' && each.long.startsWith(name));
    if (candidates.length === 1 && candidates[0]) return candidates[0];
    if (candidates.length === 0) throw new UsageError(`unknown option --${name}; see smtp2gs --help`);
    throw new UsageError(`--${name} may be ${candidates.map((each) => `--${each.long}`).join(' or ')}`);
  }

  function put(row: OptionRow, given: string | undefined): void {
    values.set(row.long, row.value === undefined ? '' : check(row, given ?? next(row)));
  }

  function next(row: OptionRow): string {
    const value = rest.shift();
    // A mail system that leaves a macro out would otherwise turn the next option into the value.
    if (value === undefined || (value.startsWith('-') && value !== '-'))
      throw new UsageError(`--${row.long} needs a value`);
    return value;
  }
}

function check(row: OptionRow, value: string): string {
  if (row.isCount && !/^0*[1-9]\d{0,8}$/.test(value)) {
    throw new UsageError(`--${row.long} must be a whole number of at least 1`);
  }
  if (row.choices && !row.choices.includes(value)) {
    throw new UsageError(`--${row.long} must be ${row.choices.join(' or ')}`);
  }
  return value;
}
