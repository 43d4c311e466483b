/**
 * What a subcommand is: an option table, from which its `--help` and its part of the man page are made, and a function.
 * It knows no subcommand.
 */
import type { Ending } from '../ending.ts';
import { optionList, paragraph } from '../help-text.ts';
import { deliveryOptions, type OptionName, type OptionRow } from '../options.ts';
import type { ParsedOptions } from '../parse-options.ts';

export interface Tool {
  /** The words behind `smtp2gs`, such as `doctor [options] URL`. */
  readonly synopsis: string;
  /** A paragraph. */
  readonly description: string;
  readonly options: readonly OptionRow[];
  /** Throws a UsageError for what is wrong with the words. */
  run(parsed: ParsedOptions): Promise<Ending>;
}

export const helpRow = { long: 'help', short: 'h', help: 'Show this help.' } as const satisfies OptionRow;

/** Rows of the delivery's table that a subcommand has, too. */
export function deliveryRows(...names: readonly OptionName[]): readonly OptionRow[] {
  return deliveryOptions.filter((row) => names.includes(row.long));
}

/** The text of `smtp2gs NAME --help`. */
export function toolHelp({ synopsis, description, options }: Tool): string {
  return [`Usage: smtp2gs ${synopsis}`, '', paragraph(description), '', 'Options:', optionList(options), ''].join('\n');
}
