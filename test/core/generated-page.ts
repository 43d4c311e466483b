/**
 * HTML pages for property tests, with what they mean: blocks that mean nothing however much they look like a status
 * box, status boxes written in every way that HTML allows, and lists of refused fields.
 */
import fc from 'fast-check';
import type { FormVerdict } from '../../functions/core/form-answer.ts';

/** In every value of a page and in no label. */
export const secret = 'theValueOfTheToken';

export const boxIds = ['form-message', 'gs-content-form-message', 'gs-content-form-base-message'] as const;
const goodClasses = ['alert alert-info', 'ui-corner-all ui-state-highlight', 'x', '', 'not-alert-error', 'ALERT-ERROR'];
const badClasses = [
  'alert-error',
  'alert-block alert-error',
  'ui-corner-all\n\tui-state-error x',
  'ui-state-error alert-info',
];

interface Block {
  readonly html: string;
  readonly box?: 'info' | 'error';
  readonly labels?: readonly string[];
}

/** A box as an echo would have it; harmless in all places where it is not markup. */
const forged = boxIds.flatMap((id) => [
  `<div id="${id}" class="alert alert-info">`,
  `<div id='${id}'>${secret}`,
  `<div id=${id} class=x></div>`,
]);
const echo = fc.constantFrom(
  ...forged,
  ...boxIds.map((id) => ` id="${id}" `),
  ...boxIds.map((id) => ` id=${id} class=x `),
);
const escaped = echo.map((text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;'));
const filler = fc.constantFrom('', 'x', 'x'.repeat(5000));

const harmless = fc
  .oneof(
    fc.constantFrom(
      'text',
      ' ',
      '\n',
      `'`,
      '"',
      '>',
      ' < ',
      ' <3 ',
      '&lt;',
      '<>',
      '</>',
      '</ id=form-message>',
      '\0',
      '\x80',
      '<p>',
    ),
    fc.constantFrom(
      '<br/>',
      '</div>',
      '<p class="x">',
      '<a href=/x?a=b>',
      '<input disabled>',
      '<hr id="form">',
      '<p id=>',
    ),
    fc.constantFrom(
      '<!DOCTYPE html>',
      '<?xml version="1.0"?>',
      '<![CDATA[ ]]>',
      '<!-- -->',
      '<!---->',
      '<!-->',
      '<!--->',
    ),
    // An end tag has no attributes.
    fc.constantFrom(...boxIds).map((id) => `</div id="${id}">`),
    fc.constantFrom(...boxIds).map((id) => `<p data-id="${id}" idx="${id}" title=id=${id} name=${id}>`),
    fc.constantFrom(...boxIds).map((id) => `<p id="x" id="${id}">`),
    fc.tuple(filler, echo).map(([before, text]) => `<!--${before}${text.replaceAll('--', '')}-->`),
    escaped.map((text) => `<p>${text}</p>`),
    // Quoted values: all but the quote itself may stand in them.
    fc
      .tuple(filler, escaped, fc.constantFrom(' ', '/', ' a="x"', ' ='))
      .map(([before, text, space]) => `<input${space}value="${before}${text}">`),
    fc
      .tuple(filler, echo, fc.constantFrom(' ', '/', ' b ', ' a="x"'))
      .map(([before, text, space]) => `<input${space}value='${before}${text.replaceAll(`'`, '')}'>`),
    fc
      .tuple(
        fc.constantFrom('script', 'style', 'textarea', 'title', 'xmp', 'TextArea', 'SCRIPT type="x"'),
        filler,
        echo,
      )
      .map(([element, before, text]) => {
        const [name = ''] = element.split(' ');
        return `<${element}>${before}${text} </${name}x <${name}></${name.toUpperCase()} >`;
      }),
  )
  .map((html): Block => ({ html }));

type Quoting = 'double' | 'single' | 'none';
const attribute = (name: string, value: string) =>
  fc
    .tuple(
      fc.constantFrom(name, name.toUpperCase()),
      fc.constantFrom('=', ' = ', '\n=\t'),
      fc.constantFrom<Quoting>('double', 'single', 'none'),
    )
    .map(([written, equals, quoting]) => {
      const plain = quoting === 'none' && /^[^\s"'=<>`]+$/.test(value);
      const quote = plain ? '' : quoting === 'single' ? `'` : '"';
      return written + equals + quote + value + quote;
    });

/** A start tag with these attributes and some others, in any order. */
const startTag = (id: string, classes: string) =>
  fc
    .tuple(
      fc.constantFrom('div', 'DIV', 'p', 'section', 'gs-x'),
      fc.tuple(
        attribute('id', id),
        attribute('class', classes),
        fc.constantFrom(
          'hidden',
          'title="a > b"',
          `title=' id="x" class="y"'`,
          'role=region',
          'data-x="it\'s"',
          'a=b/c',
        ),
      ),
      fc.constantFrom([0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]),
      fc.constantFrom(' ', '\n', '\t ', ' / ', '\r\n'),
      fc.constantFrom('', ' ', ' /', '\n'),
    )
    .map(([name, attributes, order, space, end]) => {
      const written = order.map((at) => attributes[at] ?? '').join(space);
      // Without a space the slash would be part of a value that is not quoted.
      return `<${name}${space}${written}${end}>`;
    });

const box: fc.Arbitrary<Block> = fc
  .tuple(fc.constantFrom(...boxIds), fc.constantFrom<'info' | 'error'>('info', 'error'), fc.nat())
  .chain(([id, kind, which]) => {
    const classes = kind === 'info' ? goodClasses : badClasses;
    return startTag(id, classes[which % classes.length] ?? '').map((html) => ({ html, box: kind }));
  });

const label = fc.constantFrom('Token', 'Email message', 'groupId', 'Time-source_2', 'a', 'A'.repeat(40));
const noLabel = fc.constantFrom('', '7 days', 'Wörter', '<b>Token</b>', 'A'.repeat(41), `a: ${secret}?`, 'a&amp;b');
const problem: fc.Arbitrary<Block> = fc.oneof(
  fc
    .tuple(label, fc.constantFrom('', ' ', '\n  '), fc.constantFrom('class="error"', 'class=error', `class='x error'`))
    .map(([text, space, error]) => ({
      html: `<dt>${space}${text}${space}</dt>${space}<dd ${error}>The token "${secret}" <b>${secret}</b></dd>`,
      labels: [text],
    })),
  noLabel.map((text) => ({ html: `<dt>${text}</dt><dd class="error">${secret}</dd>` })),
  label.map((text) => ({ html: `<dt>${text}</dt><dd>${secret}</dd><dd class="error">${secret}</dd>` })),
);

export interface Page {
  readonly html: string;
  readonly verdict: FormVerdict;
}

/** A page of such blocks. */
export const page: fc.Arbitrary<Page> = fc
  .array(
    fc.oneof({ weight: 6, arbitrary: harmless }, { weight: 1, arbitrary: box }, { weight: 2, arbitrary: problem }),
    { maxLength: 20 },
  )
  .map((blocks) => {
    const boxes = blocks.flatMap((block) => block.box ?? []);
    const labels = blocks.flatMap((block) => block.labels ?? []).slice(0, 8);
    const verdict: FormVerdict = boxes.includes('error')
      ? { kind: 'refused', labels }
      : { kind: boxes.includes('info') ? 'accepted' : 'unprocessed' };
    return { html: blocks.map(({ html }) => html).join(''), verdict };
  });

/** Markup without a sense: every order of the characters and words that matter. */
export const markup = fc
  .array(
    fc.constantFrom(
      '<',
      '>',
      '/',
      '!',
      '-',
      '--',
      '=',
      '"',
      `'`,
      ' ',
      '\n',
      'a',
      'id',
      'class',
      'form-message',
      'alert-error',
      'div',
      'dt',
      'dd',
      'error',
      'script',
      'textarea',
      'title',
      '<!--',
      '-->',
      '</',
      '?',
      '&',
      '\0',
      '\xe9',
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));
