/**
 * What an operator sees: lines on the standard output, progress on the standard error. With `--json` the standard output
 * has one JSON document and nothing else. Colours and a progress line that overwrites itself are for terminals only.
 * Text out of mails is in it, so nothing that could steer a terminal gets through.
 */
import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow';

export interface Output {
  /** Prints a line, unless JSON is wanted. */
  line(text?: string, style?: Style): void;
  /** Prints a sign in colour and a line behind it, unless JSON is wanted. */
  marked(mark: string, style: Style, text: string): void;
  /** Prints rows in columns below their heads, unless JSON is wanted; no more than a screenful. */
  table(heads: readonly string[], rows: readonly (readonly string[])[]): void;
  /** Says how far a long work is; may be called as often as one likes. */
  progress(text: string): void;
  /** Prints the one JSON document, if JSON is wanted. */
  json(document: object): void;
  /** Prints an error. */
  error(text: string): void;
}

/** Rows of a table that are printed. */
const screenful = 30;

/** Milliseconds between two lines of progress where there is no terminal. */
const progressInterval = 5000;

export function createOutput({ json }: { json: boolean }): Output {
  const { stdout, stderr } = process;
  // A reader that goes away, such as `head`, must not stop what is being done.
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined);
  let shown = false;
  let last = performance.now();

  const clear = () => {
    if (shown) stderr.write('\r\x1b[2K');
    shown = false;
  };
  const print = (text: string) => {
    if (json) return;
    clear();
    stdout.write(`${text}\n`);
  };
  const line = (text = '', style?: Style) =>
    print(style ? styleText(style, plain(text), { stream: stdout }) : plain(text));

  return {
    line,
    marked: (mark, style, text) => print(`${styleText(style, mark, { stream: stdout })} ${plain(text)}`),
    table(heads, rows) {
      const widths = heads.map((head, column) =>
        Math.max(...[head, ...rows.map((row) => row[column] ?? '')].map((cell) => cell.length)),
      );
      const row = (cells: readonly string[]) =>
        `  ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd();
      line(row(heads), 'bold');
      for (const cells of rows.slice(0, screenful)) line(row(cells));
      if (rows.length > screenful) line(`  … and ${rows.length - screenful} more; --json shows all`, 'dim');
    },
    progress(text) {
      if (stderr.isTTY) {
        clear();
        stderr.write(plain(text).slice(0, Math.max(stderr.columns - 1, 20)));
        shown = true;
      } else if (performance.now() - last >= progressInterval) {
        last = performance.now();
        stderr.write(`${plain(text)}\n`);
      }
    },
    json(document) {
      clear();
      if (json) stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    },
    error(text) {
      clear();
      stderr.write(`${styleText('red', plain(text), { stream: stderr })}\n`);
    },
  };
}

/** Takes control characters out, and those that turn the direction of writing. */
function plain(text: string): string {
  return text.replaceAll(/\p{C}/gu, '?');
}
