/**
 * The page that answers a form: it means what an independent reading of the whole page says, in any pieces, and never
 * "accepted" where that reading finds no good box. Values are never told.
 */
import fc from 'fast-check';
import { type FormVerdict, formAnswerReader } from '../../../functions/core/form-answer.ts';
import { boxIds, markup, page } from '../../core/generated-page.ts';
import { cut, randomOf } from '../cut.ts';
import { holds, same } from '../holds.ts';
import { meaningOf } from '../reference-page.ts';
import type { Target } from '../target.ts';

function verdictOf(pieces: readonly Uint8Array[]): FormVerdict {
  const reader = formAnswerReader();
  for (const piece of pieces) reader.write(piece);
  return reader.verdict();
}

export const formAnswer: Target = {
  name: 'form-answer',
  grammar: fc
    .oneof({ weight: 3, arbitrary: page.map(({ html }) => html) }, { weight: 1, arbitrary: markup })
    .map((html) => Buffer.from(html, 'latin1')),
  words: [
    ...boxIds.flatMap((id) => [`<p id="${id}">`, `id=${id} `, id]),
    'class="alert-error"',
    'ui-state-error',
    '<!--',
    '-->',
    '--!>',
    '<!',
    '<?',
    '</',
    '<script>',
    '</script',
    '<textarea>',
    '</textarea>',
    '<title',
    '<plaintext>',
    '<![CDATA[',
    ']]>',
    '/>',
    '="',
    "='",
    '=',
    '<dt>',
    '</dt>',
    '<dd class=error>',
  ],
  check(input) {
    const verdict = verdictOf([input]);
    same(verdictOf(cut(input, randomOf(input))), verdict, 'a page means the same in any pieces');
    same(verdict.kind, meaningOf(input.toString('latin1')), 'a page means what its tags say');
    if (verdict.kind !== 'refused') return;
    for (const label of verdict.labels)
      holds(/^[A-Za-z][A-Za-z0-9 _-]{0,39}$/.test(label), 'a label is a few words', label);
  },
};
