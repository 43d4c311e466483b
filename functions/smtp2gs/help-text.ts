/**
 * Writes the text of `--help` from the table of options.
 */
import { deliveryOptions, type OptionRow, subcommands, summary } from './options.ts';

const lineWidth = 79;
const column = 28;

/** The whole help of a delivery. */
export function helpText(): string {
  return [
    'Usage: smtp2gs [options] URL',
    '       smtp2gs SUBCOMMAND ...',
    '',
    paragraph(
      `smtp2gs ${summary}: the mail on the standard input is added to the group that its envelope recipient names. URL is the site, such as https://groups.example.com; a path in it is ignored.`,
    ),
    '',
    'Options:',
    optionList(deliveryOptions),
    '',
    'Subcommands (each has a --help of its own):',
    ...Object.entries(subcommands).map(([name, text]) => row(`  ${name}`, `${sentence(text)}`)),
    '',
    'The mail system reads the first line on stderr and the exit status: 0 means',
    'delivered, 75 deferred (try again), everything else bounced.',
    '',
  ].join('\n');
}

/** The list of options of a table, one below the other. */
export function optionList(table: readonly OptionRow[]): string {
  return table.map(optionHelp).join('\n');
}

/** Breaks a text into lines of the help's width. */
export function paragraph(text: string): string {
  return wrap(text, lineWidth).join('\n');
}

function optionHelp({ long, short, value, help, defaultText }: OptionRow): string {
  const left = `  ${short ? `-${short}, ` : '    '}--${long}${value === undefined ? '' : ` ${value}`}`;
  return row(left, defaultText === undefined ? help : `${help} Default: ${defaultText}`);
}

function row(left: string, text: string): string {
  const [first = '', ...more] = wrap(text, lineWidth - column);
  const lines = left.length < column ? [left.padEnd(column) + first] : [left, ' '.repeat(column) + first];
  return [...lines, ...more.map((line) => ' '.repeat(column) + line)].join('\n');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
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
