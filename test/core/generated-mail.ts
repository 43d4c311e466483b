/**
 * Mails for property tests: header sections of every shape that was seen in the wild and of many that were not, with
 * bodies of any bytes. All text is Latin-1, one character for one byte.
 */
import fc from 'fast-check';

const lineEnd = fc.constantFrom('\n', '\r\n');
const whiteSpace = fc.constantFrom('', '', ' ', '\t', '  ', '\r', '\v', '\xa0');
/** Any byte but the line feed; odd ones more often than chance would have them. */
const anyCharacter = fc.oneof(
  fc.constantFrom('\r', '\0', '\t', ' ', ':', '<', '>', '@', '"', '=', '?', ';', '\xa0', '\x85', '\xe9', '\xff'),
  fc.integer({ min: 0, max: 255 }).map((code) => (code === 10 ? 'a' : String.fromCharCode(code))),
);
const text = fc.string({ unit: anyCharacter, maxLength: 24 });
const textWithoutColon = text.map((line) => line.replaceAll(':', ''));

const name = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('Subject', 'X-Original-To', 'x-original-to', 'To', 'Received', 'MIME-Version'),
  },
  textWithoutColon,
);
const field = fc.tuple(name, whiteSpace, text).map(([before, space, after]) => `${before}${space}:${after}`);
const firstLine = fc.oneof(
  { weight: 6, arbitrary: field },
  textWithoutColon,
  text.map((line) => `:${line}`),
  fc.tuple(whiteSpace, text).map(([space, line]) => `${space}:${line}`),
);
/** What follows on lines that begin with a space or a tab. */
const folds = fc.array(
  fc.tuple(fc.constantFrom(' ', '\t'), text).map(([space, line]) => space + line),
  { maxLength: 3 },
);

const logicalLine = fc
  .tuple(firstLine, folds, fc.infiniteStream(lineEnd))
  .map(([first, more, ends]) => [first, ...more].map((line) => line + String(ends.next().value)).join(''));

const section = fc
  .tuple(fc.array(folds, { maxLength: 1 }), fc.array(logicalLine, { maxLength: 8 }))
  // A section may even begin with a line that looks folded.
  .map(([first, lines]) => [...first.flat().map((line) => `${line}\n`), ...lines].join(''));

const body = fc.oneof(
  fc.constant(''),
  text,
  fc.tuple(text, section).map(([first, rest]) => `${first}\r\n\r\n${rest}`),
);

const regular = fc
  .tuple(section, fc.constantFrom('', '\n', '\r\n', '\r'), body)
  .map(([header, empty, rest]) => header + empty + rest);

/** Few kinds of bytes, so that every order of them comes up. */
const dense = fc.string({ unit: fc.constantFrom('\r', '\n', ' ', '\t', ':', 'a', 'X', '\0', '\xe9'), maxLength: 40 });

/** A whole mail without an mbox `From ` line, as bytes. */
export const mail = fc
  .oneof(
    { weight: 3, arbitrary: regular },
    dense,
    regular.map((whole) => whole.trimEnd()),
  )
  .map((whole) => Buffer.from(whole, 'latin1'));
