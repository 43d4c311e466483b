/**
 * Configuration files for property tests. `looseConfig` is any text of the lines that Python's parsers and ours read
 * alike; `writtenConfig` writes known settings in any of the ways that the grammar allows.
 */
import fc from 'fast-check';
import type { Config } from '../../functions/core/config.ts';

/** The keys that a section of each kind is looked at for, and some others. */
const keysOf = {
  config: ['webservice', 'webservice', 'smtp', 'other'],
  webservice: ['token', 'token', 'other', 'webservice'],
  smtp: ['relay-address-prefix', 'other', 'token'],
  DEFAULT: ['token', 'webservice', 'smtp', 'relay-address-prefix', 'other'],
} as const;
const kinds = ['config', 'webservice', 'smtp', 'DEFAULT'] as const;
type Kind = (typeof kinds)[number];
const names = ['default', 'default', 'default', 'other', 'gone'] as const;
const separator = fc.constantFrom('=', ' = ', ': ', ':', '\t=  ');
const comment = fc.constantFrom('# comment', '; comment', '  # indented', '\t; token = x', '#', ';[config-default]');
const inlineComment = fc.constantFrom('', '', ' ; comment', '\t;x', ' ;', ' ; a = b ; c');

function anyCase(text: string): fc.Arbitrary<string> {
  const upper = fc.array(fc.boolean(), { minLength: text.length, maxLength: text.length });
  return upper.map((flags) =>
    flags.map((flag, at) => (flag ? text.charAt(at).toUpperCase() : text.charAt(at))).join(''),
  );
}

/** A value as it is written: `%` doubled, and no comment in it. */
const value = fc
  .array(fc.constantFrom('a', 'Z', '0', '-', '=', ':', '#', ';', '%%', '[', ']', ' ', '"', 'b', 'c', 'é'), {
    maxLength: 8,
  })
  .map((parts) => parts.join(''));

const optionOf = (kind: Kind) =>
  fc.constantFrom(...keysOf[kind]).chain((key) => {
    const naming = key === 'webservice' || key === 'smtp';
    const text = naming ? fc.constantFrom(...names) : value;
    return fc.tuple(anyCase(key), separator, text, inlineComment).map((parts) => parts.join(''));
  });
const continuation = fc.oneof(
  comment,
  fc.tuple(fc.constantFrom(' ', '\t'), value).map(([space, text]) => `${space}x${text}`),
);
const continuations = fc.oneof(
  { weight: 5, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.array(continuation, { maxLength: 2 }) },
);
const optionLines = (kind: Kind) => fc.tuple(optionOf(kind), continuations).map(([first, more]) => [first, ...more]);
const broken = fc.constantFrom(['a line that is no setting'], ['= x']);

const block = fc.constantFrom(...kinds).chain((kind) => {
  const header =
    kind === 'DEFAULT' ? fc.constant('[DEFAULT]') : fc.constantFrom(...names).map((name) => `[${kind}-${name}]`);
  // Blank lines stand before sections only: inside of a value Python 3 keeps them, and nobody else does.
  const before = fc.constantFrom([], [''], ['  ', '\t']);
  const lines = fc.array(
    fc.oneof(
      { weight: 60, arbitrary: optionLines(kind) },
      { weight: 8, arbitrary: comment.map((line) => [line]) },
      { weight: 1, arbitrary: broken },
    ),
    { maxLength: 4 },
  );
  return fc
    .tuple(before, header, fc.constantFrom('', ' ', ' ; comment'), lines)
    .map(([blank, name, end, rest]) => [...blank, name + end, ...rest.flat()]);
});

/** The text of a file that may or may not be of use. */
export const looseConfig = fc
  .tuple(fc.array(block, { minLength: 3, maxLength: 10, size: 'max' }), fc.constantFrom('\n', '\r\n'))
  .map(([blocks, end]) => [...blocks.flat(), ''].join(end));

export interface WrittenConfig {
  readonly text: string;
  readonly instance: string;
  readonly expected: Config;
}

/** Printable ASCII that needs no care: no comment begins in it, no white space at its ends, any other character. */
export const plainValue = fc
  .array(
    fc.oneof(
      fc.constantFrom('%', '%(a)s', '=', ':', '#', '[', ']', '"', 'a b', ';'),
      fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    ),
    { minLength: 1, maxLength: 20 },
  )
  .map((parts) => parts.join(''))
  .filter((text) => !/^;|\s;/.test(text));

interface Style {
  readonly end: string;
  readonly separators: readonly string[];
  readonly noise: readonly string[];
  readonly inline: string;
  readonly loud: boolean;
  readonly shuffled: boolean;
  readonly mark: boolean;
  readonly decoys: boolean;
  /** Where the token stands: in its section, in [DEFAULT], or in a second part of its section. */
  readonly place: 'section' | 'default' | 'again';
}

const style: fc.Arbitrary<Style> = fc.record({
  end: fc.constantFrom('\n', '\r\n'),
  separators: fc.array(separator, { minLength: 1, maxLength: 4 }),
  noise: fc.array(fc.oneof(comment, fc.constantFrom('', ' ', '\t')), { minLength: 1, maxLength: 4 }),
  inline: inlineComment,
  loud: fc.boolean(),
  shuffled: fc.boolean(),
  mark: fc.boolean(),
  decoys: fc.boolean(),
  place: fc.constantFrom('section', 'default', 'again'),
});

/** Settings, and a file that holds them, written in some way that the grammar allows. */
export const writtenConfig = (tokens: fc.Arbitrary<string>): fc.Arbitrary<WrittenConfig> =>
  fc
    .record({
      instance: fc.constantFrom('default', 'production', 'X-1', 'undefined'),
      token: tokens,
      prefix: fc.option(plainValue, { nil: undefined }),
      hasSet: fc.boolean(),
      style,
    })
    .map(({ instance, token, prefix, hasSet, style: how }) => {
      let written = 0;
      const set = (key: string, text: string) => {
        const between = how.separators[written % how.separators.length] ?? '=';
        written += 1;
        const name = how.loud ? key.toUpperCase() : key;
        return `${name}${between}${text.replaceAll('%', '%%')}${how.inline}`;
      };
      const service = hasSet ? 'a-service' : instance;
      const decoy = how.decoys ? [set('token', 'decoy'), '  of two lines'] : [];
      const tokenLines = [...decoy, set('token', token)];
      const sections = [
        ['[webservice-unused]', set('token', 'ofSomebodyElse')],
        [
          `[webservice-${service}]`,
          ...(how.place === 'section'
            ? tokenLines
            : decoy.length > 0 && how.place === 'again'
              ? decoy
              : [set('other', 'x')]),
        ],
        ...(how.place === 'default' ? [['[DEFAULT]', ...tokenLines]] : []),
        ...(hasSet
          ? [
              [
                `[config-${instance}]`,
                set('webservice', service),
                ...(prefix === undefined ? [] : [set('smtp', 'mta')]),
              ],
            ]
          : []),
        ...(prefix === undefined ? [] : [['[smtp-mta]', set('relay-address-prefix', prefix), set('other', 'x')]]),
        // Must stay behind: what comes later wins.
        ...(how.place === 'again' ? [[`[webservice-${service}]`, ...tokenLines]] : []),
      ];
      const ordered = how.shuffled && how.place !== 'again' ? sections.reverse() : sections;
      const lines = ordered.flat().flatMap((line, index) => [how.noise[index % how.noise.length] ?? '', line]);
      return {
        text: (how.mark ? '\uFEFF' : '') + lines.join(how.end),
        instance,
        expected: { token, relayPrefix: hasSet ? (prefix ?? 'p-') : 'p-' },
      };
    });
