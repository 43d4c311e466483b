/**
 * Writes the tables of README.md that stand in the source: failures and options. `node infra/build/readme-tables.ts`
 * puts them in their places, between comments that name them; a test compares.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { failures, outcomeOf, successes } from '../../functions/core/delivery-status.ts';
import { deliveryOptions, type OptionRow } from '../../functions/smtp2gs/options.ts';

const readme = new URL('../../README.md', import.meta.url).pathname;

/** Gives README.md with its tables as the source has them. */
export function withTables(text: string): string {
  return Object.entries({ failures: failureTable(), options: optionTable() }).reduce(
    (result, [name, table]) =>
      result.replace(
        new RegExp(`(<!-- ${name} -->\\n)[^]*?(<!-- /${name} -->)`),
        (_, start: string, end: string) => `${start}${table}\n${end}`,
      ),
    text,
  );
}

function failureTable(): string {
  const rows = Object.values({ ...successes, ...failures }).map(
    (row) => `| ${row.code} | ${row.exit} | ${outcomeOf(row)} | ${row.text} |`,
  );
  return ['| code | exit status | the mail is | text |', '|---|---|---|---|', ...rows].join('\n');
}

function optionTable(): string {
  const row = ({ long, short, value, help, defaultText }: OptionRow) => {
    const names = [...(short ? [`-${short}`] : []), `--${long}`].map((name) => `\`${name}\``).join(' ');
    const text = defaultText === undefined ? help : `${help} Default: \`${defaultText}\`.`;
    return `| ${names}${value ? ` *${value}*` : ''} | ${text} |`;
  };
  return ['| option | meaning |', '|---|---|', ...deliveryOptions.map(row)].join('\n');
}

if (process.argv[1] === import.meta.filename) writeFileSync(readme, withTables(readFileSync(readme, 'utf8')));
