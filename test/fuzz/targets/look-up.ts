/**
 * The answer of a look-up: a group only where the JSON has one, the same in any pieces, and no word of the page in an
 * error but the labels of refused fields.
 */
import fc from 'fast-check';
import { readLookUp } from '../../../functions/core/answer.ts';
import { answerOf } from '../../core/in-memory-answer.ts';
import { cut, randomOf } from '../cut.ts';
import { holds, resultOf, same } from '../holds.ts';
import type { Target } from '../target.ts';

const secret = '{theValueOfTheToken}';
const url = new URL('https://ada:secret@groups.example.com/gs-group-messages-add-group-exists.html');

async function outcome(pieces: readonly Uint8Array[]): Promise<{ id: string | null } | string> {
  const answer = answerOf({ status: 200, pieces });
  const result = await resultOf(
    () => readLookUp({ page: 'look-up', sent: 100, url, answer }),
    ['answer-not-understood'],
  );
  return 'value' in result ? { id: result.value } : result.failure.message;
}

export const lookUp: Target = {
  name: 'look-up',
  grammar: fc
    .oneof(
      fc.json(),
      fc.jsonValue().map((groupId) => JSON.stringify({ groupId })),
      fc.stringMatching(/^[!-~]{1,12}$/).map((groupId) => JSON.stringify({ email: 'é@h', groupId, siteId: secret })),
      fc.constant(`<p class="alert-error" id="form-message"><dl><dt>Token</dt><dd class="error">${secret}</dd>`),
    )
    .map((text) => Buffer.from(text)),
  words: [
    '"groupId"',
    'null',
    ': null',
    '{',
    '}',
    '"',
    '\\u0000',
    '\\u000a',
    '\\"',
    ',',
    '[',
    '\ufeff',
    secret,
    '__proto__',
  ],
  async check(input) {
    const found = await outcome([input]);
    same(await outcome(cut(input, randomOf(input))), found, 'an answer means the same in any pieces');
    if (typeof found === 'string') {
      holds(!found.includes('secret') && !found.includes(secret), 'an error quotes neither page nor password', found);
      return;
    }
    const value: unknown = JSON.parse(input.toString('utf8'));
    const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, 'groupId');
    holds(isObject, 'a group is found in an object with the key groupId', found);
    same(found.id, isObject ? Reflect.get(value, 'groupId') : undefined, 'the group is what stands there');
    holds(found.id === null || /^[\x21-\x7e]+$/.test(found.id), 'the group is one word of printable ASCII', found.id);
  },
};
