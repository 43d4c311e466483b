/**
 * Redirects: wherever a Location points, the form goes to the same host only, never from https to http, whole, and at
 * most three times.
 */
import fc from 'fast-check';
import { followRedirects } from '../../../functions/core/follow-redirects.ts';
import { siteOf } from '../../core/in-memory-answer.ts';
import { randomOf } from '../cut.ts';
import { holds, resultOf, same } from '../holds.ts';
import type { Target } from '../target.ts';

const words = [
  'http://',
  'https://',
  '//',
  '\\\\',
  '/\\',
  '@',
  ':',
  ':80',
  ':443',
  '#',
  '?',
  '%2f',
  '%00',
  '\t',
  '\n',
  '.',
  'groups.example.com',
  'groups.example.com.',
  'GROUPS.example.com',
  'groups.example.com@evil.example',
  'evil.example',
  'xn--',
  '\u3002',
  '\uff0e',
  'javascript:',
  'file:///etc/passwd',
];
const separator = '\x1f';

export const redirect: Target = {
  name: 'redirect',
  grammar: fc
    .array(
      fc
        .array(fc.oneof(fc.constantFrom(...words), fc.webUrl(), fc.string({ maxLength: 3 })), { maxLength: 5 })
        .map((parts) => parts.join('')),
      { minLength: 1, maxLength: 3 },
    )
    .map((locations) => Buffer.from(locations.join(separator))),
  words: [...words, separator],
  async check(input) {
    const random = randomOf(input);
    const status = () => random.pick([301, 302, 307, 308]);
    // A transport gives the bytes of a field as Latin-1 characters; others may come as UTF-8.
    const text = input.toString(random.chance(0.5) ? 'latin1' : 'utf8');
    const redirects = text.split(separator).map((location) => ({ status: status(), headers: { location } }));
    const { post, sent } = siteOf([...redirects, { status: 200 }]);
    const from = new URL(
      random.pick(['https://groups.example.com/add', 'http://ada:secret@groups.example.com:8080/add']),
    );
    const body = Buffer.from('form.token=theValueOfTheToken');
    const request = { url: from, headers: { authorization: 'Basic x' }, length: body.length, body: () => [body] };
    const result = await resultOf(
      () => followRedirects(post, request, new AbortController().signal),
      ['server-unreachable'],
    );
    holds(sent.length <= 3, 'two redirects are followed at most', sent.length);
    for (const [index, { url, body: again }] of sent.entries()) {
      const before = sent[index - 1]?.url ?? from;
      const isUpgrade = before.protocol === 'http:' && url.protocol === 'https:' && url.hostname === before.hostname;
      holds(isUpgrade || url.origin === before.origin, 'the form stays on its host', url.href);
      holds(url.hostname === from.hostname, 'the form stays on its first host', url.href);
      same(again, body, 'the form is posted whole');
    }
    if ('failure' in result) holds(!result.failure.message.includes('secret'), 'an error quotes no password');
  },
};
