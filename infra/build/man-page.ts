/**
 * Writes the man page from the tables that the program itself is made of, in the man(7) macros of groff and mandoc.
 */
import { failures, successes } from '../../functions/core/delivery-status.ts';
import { deliveryOptions, type OptionRow, summary } from '../../functions/smtp2gs/options.ts';
import { tools } from '../../functions/smtp2gs/tools/tools.ts';

/** Gives the text of smtp2gs(1). `date` is the day of the release, year first. */
export function manPage(version: string, date: string): string {
  return `${[
    `.TH SMTP2GS 1 "${date}" "smtp2gs ${version}" "Mail delivery"`,
    '.SH NAME',
    `smtp2gs \\- ${summary}`,
    '.SH SYNOPSIS',
    '.B smtp2gs',
    '[\\fIoptions\\fR]',
    '\\fIURL\\fR',
    ...Object.values(tools).flatMap(({ synopsis }) => ['.br', `.B smtp2gs\n${roff(synopsis)}`]),
    '.SH DESCRIPTION',
    paragraph(
      'smtp2gs reads a mail from the standard input and adds it to the group of a GroupServer site that the envelope recipient names. Mail to a member is relayed; a bounce that comes back for a member is recorded. Postfix, Exim, OpenSMTPD, qmail and sendmail run it for each mail.',
    ),
    '.PP',
    paragraph('URL is the site, such as https://groups.example.com. A path in it is ignored.'),
    '.SH OPTIONS',
    ...deliveryOptions.flatMap(option),
    ...Object.values(tools).flatMap((tool) => [
      `.SH ${roff(tool.synopsis.split(' ')[0]?.toUpperCase() ?? '')}`,
      paragraph(tool.description),
      ...tool.options.flatMap(option),
    ]),
    '.SH EXIT STATUS',
    paragraph('The first line on the standard error begins with the enhanced status code (RFC 3463).'),
    ...statusRows(),
    '.SH FILES',
    '.TP',
    '.I /etc/smtp2gs/gsconfig.ini',
    'The configuration file. It holds the token of the site and should be readable by the user of smtp2gs only.',
    '.SH SEE ALSO',
    '.BR pipe (8),',
    '.BR local (8),',
    '.BR flock (1)',
  ].join('\n')}\n`;
}

function option(row: OptionRow): string[] {
  const names = [...(row.short ? [`\\-${row.short}`] : []), `\\-\\-${roff(row.long)}`].map((name) => `\\fB${name}\\fR`);
  const value = row.value === undefined ? '' : ` \\fI${row.value}\\fR`;
  const text = row.defaultText === undefined ? row.help : `${row.help} Default: ${row.defaultText}.`;
  return ['.TP', `${names.join(', ')}${value}`, paragraph(text)];
}

function statusRows(): string[] {
  return Object.values({ ...successes, ...failures }).flatMap(({ code, exit, text }) => [
    '.TP',
    `.B ${exit}`,
    paragraph(`${code} ${text}.`),
  ]);
}

/** One line of input text; groff breaks it. A line may not begin with a control character. */
function paragraph(text: string): string {
  return roff(text).replace(/^([.'])/, '\\&$1');
}

function roff(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('-', '\\-');
}
