/**
 * Reads the command line of an operator script by its table of options, and writes its help from the same table. Every
 * script has `--stack`, `--region`, `--json` and `--help`; those that change something have `--yes`. What it cannot read
 * is a UsageError.
 */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { UsageError } from './failure.ts';

export interface OptionRow {
  /** Without the dashes. */
  readonly name: string;
  /** What the value is called in the help; an option without one is a switch. */
  readonly value?: string;
  readonly isRepeatable?: boolean;
  readonly text: string;
}

export interface CommandLine {
  readonly operands: readonly string[];
  has(name: string): boolean;
  /** Gives the value of an option; the last of several. */
  value(name: string): string | undefined;
  values(name: string): readonly string[];
}

/** What an operator script is called with. */
export interface Grammar {
  /** The npm script. */
  readonly name: string;
  /** What stands behind the options, such as `[MESSAGE-ID…]`; nothing may stand there without it. */
  readonly operands?: string;
  /** The help, wrapped. */
  readonly text: string;
  readonly options: readonly OptionRow[];
  /** It changes something, so that it is a dry run without `--yes`. */
  readonly isChange: boolean;
}

const yes: OptionRow = { name: 'yes', text: 'Do it. Without it the command only says what it would do.' };
const common: readonly OptionRow[] = [
  {
    name: 'stack',
    value: 'NAME',
    text: 'The CloudFormation stack. Default: stack_name of samconfig.toml, else smtp2gs.',
  },
  {
    name: 'region',
    value: 'REGION',
    text: 'Default: AWS_REGION, else region of samconfig.toml, else that of the profile.',
  },
  { name: 'json', text: 'Print one JSON document (npm run -s keeps npm out of it).' },
  { name: 'help', text: 'Show this help.' },
];

/** Reads the words behind the script's name. */
export function readCommandLine(grammar: Grammar, words: readonly string[]): CommandLine {
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const { name, value } of rowsOf(grammar)) options[name] = { type: value ? 'string' : 'boolean', multiple: true };
  const { values, positionals } = parse(options, words);
  if (!grammar.operands && positionals[0] !== undefined)
    throw new UsageError(`"${positionals[0]}" is one word too many`);
  const texts = (name: string) => [values[name] ?? []].flat().filter((value) => typeof value === 'string');
  for (const { name } of rowsOf(grammar))
    if (texts(name).includes('')) throw new UsageError(`--${name} has an empty value`);
  return {
    operands: positionals,
    has: (name) => values[name] !== undefined,
    value: (name) => texts(name).at(-1),
    values: texts,
  };
}

function parse(options: NonNullable<ParseArgsConfig['options']>, words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true });
  } catch (error) {
    // Node's second sentence tells of `--`, which helps nobody here.
    throw new UsageError(error instanceof Error ? error.message.replace(/\. .*$/s, '') : String(error));
  }
}

/** Writes the help. */
export function helpText(grammar: Grammar): string {
  const rows = rowsOf(grammar).map(({ name, value, text, isRepeatable }): [string, string] => [
    `--${name}${value ? ` ${value}` : ''}`,
    isRepeatable ? `${text} May be given several times.` : text,
  ]);
  const width = Math.max(...rows.map(([left]) => left.length));
  return [
    `Usage: npm run ${grammar.name} -- ${[grammar.operands, '[OPTION…]'].filter((word) => word !== undefined).join(' ')}`,
    '',
    grammar.text,
    '',
    'Options:',
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
    '',
    'Exit status: 0 done, or nothing to do; 1 failed or refused; 2 wrong command line.',
    '',
  ].join('\n');
}

function rowsOf({ options, isChange }: Grammar): readonly OptionRow[] {
  return [...options, ...(isChange ? [yes] : []), ...common];
}
