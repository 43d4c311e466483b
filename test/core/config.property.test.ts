/** The configuration file: the grammar of the specification, compared with Python's own parser, and no token in an error. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Config, parseConfig } from '../../functions/core/config.ts';
import { DeliveryFailure, statusLine, statusOf } from '../../functions/core/delivery-status.ts';
import { suiteNeeds } from '../required-suite.ts';
import { looseConfig, plainValue, writtenConfig } from './generated-config.ts';

/** The settings; null where the file cannot be used. */
function outcome(text: string, instance: string): Config | null {
  try {
    return parseConfig(text, instance);
  } catch (error) {
    if (error instanceof DeliveryFailure && error.kind === 'config-invalid') return null;
    throw error;
  }
}

const service = (lines: string) => `[webservice-default]\n${lines}`;
const full = (smtp: string) =>
  `[config-default]\nwebservice = default\nsmtp = local\n[webservice-default]\ntoken = t\n${smtp}`;

describe('the file', () => {
  it('gives its settings in whatever way they are written', () => {
    fc.assert(
      fc.property(writtenConfig(plainValue), ({ text, instance, expected }) => {
        expect(outcome(text, instance)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['a key and its value with =', service('token = t'), 't'],
    ['a key and its value with :', service('token: t'), 't'],
    ['no white space', service('token=t'), 't'],
    ['a value with =', service('token = a=b=='), 'a=b=='],
    ['a value with :', service('token = a:b'), 'a:b'],
    ['a value with = behind a :', service('token: a=b'), 'a=b'],
    ['a key in another case', service('ToKeN = t'), 't'],
    ['a comment line with #', service('# token = x\ntoken = t'), 't'],
    ['a comment line with ;', service('; token = x\ntoken = t'), 't'],
    ['an inline comment', service('token = t ; comment'), 't'],
    ['an inline comment behind a tab', service('token = t\t;comment'), 't'],
    ['a ; that is part of a value', service('token = a;b'), 'a;b'],
    ['a ; that is part of a value, then a comment', service('token = a;b ;c ;d'), 'a;b'],
    ['a # that is part of a value', service('token = t # no comment'), 't # no comment'],
    ['a doubled %', service('token = 50%%'), '50%'],
    ['a tripled %', service('token = %%%'), '%%'],
    ['another %', service('token = %(here)s%'), '%(here)s%'],
    ['a value on the next line', service('token =\n  t'), 't'],
    ['a comment inside of a value', service('token =\n  # comment\n  t'), 't'],
    ['an indented key as the first of its section', service('  token = t'), 't'],
    ['a key twice', service('token = x\ntoken = t'), 't'],
    ['a section twice', service('token = x\n[other]\n[webservice-default]\ntoken = t'), 't'],
    ['a section twice, one half in each', `${service('other = x')}\n[webservice-default]\ntoken = t`, 't'],
    ['a default', '[DEFAULT]\ntoken = t\n[webservice-default]', 't'],
    ['a default that comes later', '[webservice-default]\n[DEFAULT]\ntoken = t', 't'],
    ['a default that is outweighed', '[DEFAULT]\ntoken = x\n[webservice-default]\ntoken = t', 't'],
    ['a default that comes later and is outweighed', '[webservice-default]\ntoken = t\n[DEFAULT]\ntoken = x', 't'],
    ['a byte order mark', `\uFEFF${service('token = t')}`, 't'],
    ['line ends of Windows', service('token = t\n').replaceAll('\n', '\r\n'), 't'],
    ['line ends of old Macs', service('token = t\n').replaceAll('\n', '\r'), 't'],
    ['blank lines', service('\n \n\t\ntoken = t\n\n'), 't'],
    ['a comment behind a section', '[webservice-default] ; comment\ntoken = t', 't'],
    ['odd keys beside it', service('__proto__ = x\nconstructor: y\ntoken = t'), 't'],
    ['odd characters beside it', service('note = a\u2028b\ntoken = t'), 't'],
    ['no line end', service('token = t'), 't'],
  ])('may have %s', (_what, text, token) => {
    expect(outcome(text, 'default')).toEqual({ token, relayPrefix: 'p-' });
  });

  it.each([
    ['the set of the instance', '[config-a]\nwebservice = x\n[webservice-x]\ntoken = t', 'a', 't'],
    [
      'a set that shares its section',
      '[config-a]\nwebservice = b\n[config-b]\nwebservice = b\n[webservice-b]\ntoken = t',
      'a',
      't',
    ],
    [
      'the set, not a section named like the instance',
      '[config-a]\nwebservice = b\n[webservice-b]\ntoken = t\n[webservice-a]\ntoken = x',
      'a',
      't',
    ],
    [
      'the section named like the instance, without a set',
      '[webservice-a]\ntoken = t\n[webservice-b]\ntoken = x',
      'a',
      't',
    ],
    ['a webservice from [DEFAULT]', '[DEFAULT]\nwebservice = b\n[config-a]\n[webservice-b]\ntoken = t', 'a', 't'],
    ['no section of another case', '[Webservice-a]\ntoken = t', 'a', null],
    ['no set that names nothing', '[config-a]\n[webservice-a]\ntoken = t', 'a', null],
    ['no set of a missing section', '[config-a]\nwebservice = gone\n[webservice-a]\ntoken = t', 'a', null],
    ['no [DEFAULT] as a section of its own', '[DEFAULT]\ntoken = t', 'DEFAULT', null],
    ['no token of two lines', service('token = a\n  b'), 'default', null],
    ['no token outside ASCII', service('token = tökén'), 'default', null],
    ['no token with a tab', service('token = a\tb'), 'default', null],
    ['no empty token', service('token ='), 'default', null],
    ['no token that is a comment', service('token = ; comment'), 'default', null],
    ['no setting before the first section', 'token = t\n[webservice-default]\ntoken = t', 'default', null],
    ['no line without a value', service('token = t\nother'), 'default', null],
    ['no line without a key', service('token = t\n= x'), 'default', null],
    ['no empty file', '', 'default', null],
  ])('has %s', (_what, text, instance, token) => {
    expect(outcome(text, instance)?.token ?? null).toBe(token);
  });

  it.each([
    [
      'is p- without the key smtp',
      '[config-default]\nwebservice = default\n[webservice-default]\ntoken = t\n[smtp-local]\nrelay-address-prefix = x',
      'p-',
    ],
    ['is p- where the section is missing', full(''), 'p-'],
    ['is p- where the section does not say', full('[smtp-local]\nother = x'), 'p-'],
    ['is what the section says', full('[smtp-local]\nrelay-address-prefix = member.'), 'member.'],
    ['is not taken from another section', full('[smtp-other]\nrelay-address-prefix = x'), 'p-'],
    [
      'is p- for an instance without a set',
      `${service('token = t')}\n[smtp-undefined]\nrelay-address-prefix = x`,
      'p-',
    ],
    ['may have a %', full('[smtp-local]\nrelay-address-prefix = %%-'), '%-'],
  ])('has a relay prefix that %s', (_what, text, prefix) => {
    expect(outcome(text, 'default')?.relayPrefix).toBe(prefix);
  });

  it('may not have an empty relay prefix: everything would be relayed', () => {
    expect(outcome(full('[smtp-local]\nrelay-address-prefix ='), 'default')).toBeNull();
  });
});

describe.runIf(suiteNeeds('python3'))('Python', () => {
  const script = new URL('reference-config.py', import.meta.url).pathname;

  it('reads the same settings from any file, or finds it as useless', { timeout: 60_000 }, () => {
    const cases = fc
      .sample(fc.tuple(looseConfig, fc.constantFrom('default', 'other')), 3000)
      .map(([text, instance]) => ({ text, instance }));
    const answers = execFileSync('python3', [script], { input: JSON.stringify(cases), encoding: 'utf8' });
    const expected: unknown = JSON.parse(answers);
    const found = cases.map(({ text, instance }) => outcome(text, instance));
    expect(found.filter((each) => each !== null).length).toBeGreaterThan(300);
    expect(found.map((each, index) => ({ ...cases[index], found: each }))).toEqual(
      Array.isArray(expected) ? expected.map((each: unknown, index) => ({ ...cases[index], found: each })) : [],
    );
  });
});

describe('an error', () => {
  const secret = 'theValueOfTheToken';
  const message = (text: string, instance = 'default'): string | undefined => {
    try {
      parseConfig(text, instance);
      return undefined;
    } catch (error) {
      return statusLine(statusOf(error)) + (error instanceof Error ? `${error.message}${error.stack}` : '');
    }
  };

  it.each([
    ['no section [config-default] or [webservice-default]', ''],
    ['no section [config-default] or [webservice-default]', '[webservice-other]\ntoken = t'],
    ['[config-default] has no key "webservice"', '[config-default]'],
    ['no section [webservice-gone]', '[config-default]\nwebservice = gone'],
    ['[webservice-default] has no token', '[webservice-default]'],
    ['the token in [webservice-default] is not one line of ASCII', service('token = a\n  b')],
    ['relay-address-prefix is empty', full('[smtp-local]\nrelay-address-prefix =')],
    ['line 3 is neither [section] nor "key = value"', service('token = t\nother')],
    ['webservice in [config-default] is not the name of a section', '[config-default]\nwebservice = a b'],
  ])('says %s', (what, text) => {
    expect(message(text)).toContain(what);
  });

  it('never quotes the token, however the file was spoilt', () => {
    const spoil = fc.constantFrom('delete', 'indent', 'join', 'cut', 'repeat', 'garbage');
    const spoilt = fc
      .tuple(writtenConfig(fc.constant(secret)), fc.array(fc.tuple(spoil, fc.nat()), { minLength: 1, maxLength: 4 }))
      .map(([{ text, instance }, edits]) => {
        const lines = text.split(/\r?\n/);
        for (const [edit, where] of edits) {
          const at = where % lines.length;
          const line = lines[at] ?? '';
          if (edit === 'delete') lines.splice(at, 1);
          else if (edit === 'indent') lines[at] = `  ${line}`;
          else if (edit === 'join') lines.splice(at, 2, line + (lines[at + 1] ?? ''));
          else if (edit === 'cut') lines[at] = line.replace(/[=:]/, '');
          else if (edit === 'repeat') lines.splice(at, 0, line);
          else lines.splice(at, 0, `garbage ${secret}`, `\u00e9${secret}\u0000`);
        }
        return { text: lines.join('\n'), instance };
      });
    fc.assert(
      fc.property(spoilt, ({ text, instance }) => {
        expect(message(text, instance) ?? '').not.toContain(secret);
      }),
      { numRuns: 3000 },
    );
  });

  it('never quotes a token that an indented section has swallowed', () => {
    const text = `[config-default]\nwebservice = default\n [webservice-default]\n token = ${secret}\n`;
    expect(message(text)).toBeDefined();
    expect(message(text)).not.toContain(secret);
  });
});
