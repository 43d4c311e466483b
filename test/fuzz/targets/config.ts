/**
 * The configuration file: a token and a prefix that can be used, or `config-invalid`; never a word of the token in an
 * error. Line ends, a byte order mark and a comment change nothing.
 */
import fc from 'fast-check';
import { parseConfig } from '../../../functions/core/config.ts';
import { looseConfig, writtenConfig } from '../../core/generated-config.ts';
import { holds, resultAtOnce, same } from '../holds.ts';
import type { Target } from '../target.ts';

const secret = 'theValueOfTheToken';

export const config: Target = {
  name: 'config',
  grammar: fc
    .oneof(
      { weight: 3, arbitrary: writtenConfig(fc.constant(secret)).map(({ text }) => text) },
      { weight: 1, arbitrary: looseConfig },
    )
    .map((text) => Buffer.from(text)),
  words: [
    '\n',
    '\r\n',
    '\n  ',
    '\n\t',
    '=',
    ':',
    ' ;',
    '#',
    '%%',
    '[DEFAULT]\n',
    '[config-default]\n',
    '[webservice-default]\n',
    'webservice = ',
    'smtp = ',
    'relay-address-prefix = ',
    `token = ${secret}\n`,
    secret,
    '\ufeff',
    '\u2028',
    '__proto__',
  ],
  check(input) {
    const text = input.toString('utf8');
    const instance = text.includes('production') ? 'production' : 'default';
    const read = (variant: string) => {
      const result = resultAtOnce(() => parseConfig(variant, instance), ['config-invalid']);
      return 'value' in result ? result.value : result.failure.message;
    };
    const found = read(text);
    if (typeof found === 'string') {
      // A name is quoted; whoever writes the token where a name belongs has named a section by it.
      const isName = new RegExp(`webservice\\s*[:=]\\s*[\\w.@-]*${secret}`, 'i').test(text);
      holds(isName || !found.includes(secret), 'an error does not quote the token', found);
    } else {
      holds(/^[\x20-\x7e]+$/.test(found.token), 'the token is one line of printable ASCII', found.token);
      holds(found.relayPrefix !== '', 'the relay prefix is not empty');
      const unescaped = text.replaceAll('%%', '%');
      holds(unescaped.includes(found.token), 'the token stands in the file', found.token);
    }
    same(read(text.replaceAll(/\r\n|\r|\n/g, '\n')), found, 'line ends change nothing');
    if (!text.startsWith('\ufeff')) same(read(`\ufeff${text}`), found, 'a byte order mark changes nothing');
    same(read(`${text}\n# comment`), found, 'a comment changes nothing');
  },
};
