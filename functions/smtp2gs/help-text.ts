/**
 * Writes the text of `--help` from the table of options.
 */
import { deliveryOptions, type OptionRow, summary } from './options.ts';

const lineWidth = 79;
const column = 28;

/** The whole help. */
export function helpText(): string {
  return [
    'Usage: smtp2gs [options] URL',
    '',
    ...wrap(
      `smtp2gs ${summary}: the mail on the standard input is added to the group that its envelope recipient names. URL is the site, such as https://groups.example.com; a path in it is ignored.`,
      lineWidth,
    ),
    '',
    'Options:',
    ...deliveryOptions.map(optionHelp),
    '',
    'The mail system reads the first line on stderr and the exit status: 0 means',
    'delivered, 75 deferred (try again), everything else bounced.',
    '',
  ].join('\n');
}

function optionHelp(row: OptionRow): string {
  const value = row.value === undefined ? '' : ` ${row.value}`;
  const left = `  ${row.short ? `-${row.short}, ` : '    '}--${row.long}${value}`;
  const text = row.defaultText === undefined ? row.help : `${row.help} Default: ${row.defaultText}`;
  const [first = '', ...more] = wrap(text, lineWidth - column);
  const lines = left.length < column ? [left.padEnd(column) + first] : [left, ' '.repeat(column) + first];
  return [...lines, ...more.map((line) => ' '.repeat(column) + line)].join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
