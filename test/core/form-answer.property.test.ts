/** The page that answers a form: a status box is found however it is written, and nothing else is taken for one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FormVerdict, formAnswerReader } from '../../functions/core/form-answer.ts';
import { formPage } from '../../infra/local/group-server/form-page.ts';
import { boxIds, markup, page, secret } from './generated-page.ts';
import { cuts, inEqualPieces, inPieces } from './pieces.ts';

function verdictOf(pieces: readonly Uint8Array[]): FormVerdict {
  const reader = formAnswerReader();
  for (const piece of pieces) reader.write(piece);
  return reader.verdict();
}

const bytesOf = (html: string) => Buffer.from(html, 'latin1');
const read = (html: string) => verdictOf([bytesOf(html)]);

describe('a page', () => {
  it('means what its status boxes say, one with an error outweighs all, and nothing that is echoed counts', () => {
    fc.assert(
      fc.property(page, ({ html, verdict }) => {
        expect(read(html)).toEqual(verdict);
      }),
      { numRuns: 3000 },
    );
  });

  it('means the same in whatever pieces it comes', () => {
    const any = fc.oneof(
      page.map(({ html }) => html),
      markup,
    );
    fc.assert(
      fc.property(any, cuts, (html, shares) => {
        const whole = read(html);
        expect(verdictOf(inPieces(bytesOf(html), shares))).toEqual(whole);
        expect(verdictOf(inEqualPieces(bytesOf(html), 1))).toEqual(whole);
      }),
      { numRuns: 2000 },
    );
  });

  it('never yields a value', () => {
    fc.assert(
      fc.property(page, ({ html }) => {
        expect(JSON.stringify(read(html))).not.toContain(secret);
      }),
    );
  });

  it('of any bytes is read without an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), cuts, (bytes, shares) => {
        expect(verdictOf(inPieces(bytes, shares)).kind).toMatch(/^(accepted|refused|unprocessed)$/);
      }),
    );
  });

  it('may be part of a larger buffer', () => {
    const html = bytesOf('xx<p id=form-message>yy');
    expect(verdictOf([html.subarray(2, -2)])).toEqual({ kind: 'accepted' });
    expect(verdictOf([html.subarray(3, -2)])).toEqual({ kind: 'unprocessed' });
  });
});

describe('the pages of GroupServer', () => {
  const secrets = new Map([
    ['token', secret],
    ['emailMessage', `<div id="form-message" class="alert-info">${secret}`],
  ]);

  for (const generation of [2010, 2013, 2014] as const) {
    it(`of ${generation} are understood in any pieces`, () => {
      const refused = [
        { label: 'Token', text: `The token "${secret}" is wrong.` },
        { label: 'Email message', text: 'Required input is missing.' },
      ];
      const meanings: [string, FormVerdict][] = [
        [formPage('add', generation, { done: 'Done' }), { kind: 'accepted' }],
        [formPage('bounce', generation, { done: 'No user was found.' }, secrets), { kind: 'accepted' }],
        [formPage('add', generation, undefined, secrets), { kind: 'unprocessed' }],
        [formPage('relay', generation, { refused }, secrets), { kind: 'refused', labels: ['Token', 'Email message'] }],
      ];
      for (const [html, verdict] of meanings) {
        fc.assert(
          fc.property(cuts, (shares) => {
            expect(verdictOf(inPieces(Buffer.from(html), shares))).toEqual(verdict);
          }),
          { numRuns: 30 },
        );
      }
    });
  }
});

describe('a status box', () => {
  it.each([
    ['in double quotes', '<div id="form-message">'],
    ['in single quotes', `<div id='form-message'>`],
    ['without quotes', '<div id=form-message>'],
    ['in capitals but for its value', '<DIV ID="form-message">'],
    ['behind an attribute that is not set apart', '<div class="x"id="form-message">'],
    ['behind a slash', '<div/id="form-message">'],
    ['behind a <', '<<div id="form-message">'],
    ['behind an empty comment', '<!--><div id="form-message">'],
    ['behind a doctype with an apostrophe', `<!DOCTYPE it's><div id="form-message">`],
    ['behind an apostrophe in a tag', `<p don't><div id="form-message">`],
    ['behind a script', '<script>"<div></div>"</script><div id="form-message">'],
    ['behind a script that is closed with care', '<script></script\n><div id="form-message">'],
    ['in a very long tag', `<div title="${'x'.repeat(100_000)}" id="form-message">`],
    ['in a tag of very many attributes', `<div ${'a=b '.repeat(50_000)} id="form-message">`],
    ['with a very long class', `<div id="form-message" class="${'x '.repeat(50_000)}">`],
  ])('is found %s', (_what, html) => {
    expect(read(html)).toEqual({ kind: 'accepted' });
  });

  it.each([
    ['in text', 'id="form-message"'],
    ['in a comment', '<!-- <div id="form-message"> -->'],
    ['in a comment that does not end', '<!-- <div id="form-message"> --'],
    ['in a script', '<script><div id="form-message"></script>'],
    ['in a script that does not end', '<script></scripty><div id="form-message">'],
    ['in a text field', '<textarea><div id="form-message"></textarea>'],
    ['in a value', `<p title='<div id="form-message">'>`],
    ['in a value behind a slash', `<p/title=' id="form-message" '>`],
    ['in a value that is not set apart', `<p a="x"title=' id="form-message" '>`],
    ['in a value that is too long to keep', `<p title='${'x'.repeat(100_000)} id="form-message" '>`],
    ['in a value that is cut off by the end of the page', `<p title=' id="form-message" `],
    ['in an end tag', '</div id="form-message">'],
    ['in a tag that does not end', '<div id="form-message"'],
    ['in a second id', '<div id="a" id="form-message">'],
    ['in an id that only contains it', '<div id="my-form-message"><div id="form-message ">'],
    ['in another attribute', '<div data-id="form-message">'],
    ['in an id of other letters', '<div id="Form-Message">'],
  ])('is not found %s', (_what, html) => {
    expect(read(html)).toEqual({ kind: 'unprocessed' });
  });

  it.each(boxIds)('%s may carry the error class of any generation', (id) => {
    for (const classes of ['ui-state-error', 'alert-error', 'x alert-error y']) {
      expect(read(`<div class="${classes}" id="${id}">`)).toEqual({ kind: 'refused', labels: [] });
    }
  });

  it('with an error outweighs good ones before and behind it', () => {
    const good = '<div id="form-message">';
    expect(read(`${good}<div id="form-message" class="alert-error">${good}`).kind).toBe('refused');
  });

  it('with an error is one, too, at the end of a very long class', () => {
    expect(read(`<div id="form-message" class="${'x '.repeat(50_000)} alert-error">`).kind).toBe('refused');
  });
});

describe('the names of the refused fields', () => {
  const refused = (list: string) => read(`<div id="form-message" class="alert-error"></div><dl>${list}</dl>`);
  const row = (label: string) => `<dt>${label}</dt><dd class="error">x</dd>`;

  it('are the first eight', () => {
    const labels = 'abcdefghij'.split('');
    expect(refused(labels.map(row).join(''))).toEqual({ kind: 'refused', labels: labels.slice(0, 8) });
  });

  it('are taken from terms whose description is an error only', () => {
    expect(refused('<dt>A</dt><dd>x</dd><dt>B</dt><dd class="error">x</dd><dd class="error">y</dd>')).toEqual({
      kind: 'refused',
      labels: ['B'],
    });
  });

  it('are what stands inside of the term, closed or not', () => {
    expect(refused(`<dt>A</dt>${secret}<dd class="error">x</dd><dt>B<dd class="error">y`)).toEqual({
      kind: 'refused',
      labels: ['A', 'B'],
    });
  });

  it.each(['', ' ', '1', 'A'.repeat(41), `${' '.repeat(200)}Token`, 'a:b', 'a<b>c</b>', `a</dt>${secret}<dd>`])(
    'are none with the label %j',
    (label) => {
      expect(refused(row(label))).toEqual({ kind: 'refused', labels: [] });
      const page = bytesOf(`<div id="form-message" class="alert-error"><dl>${row(label)}`);
      expect(verdictOf(inEqualPieces(page, 1))).toEqual({ kind: 'refused', labels: [] });
    },
  );
});

// With work or memory that grows faster than the page, none of these would end within the time limit of a test.
describe('a page of 1 MiB of', () => {
  const size = 1024 * 1024;
  it.each([
    ['empty comments', '<!---->'],
    ['empty scripts', '<script></script>'],
    ['beginnings of the end of a script', '<script></scrip', '</scrip'],
    ['beginnings of the end of a comment', '<!--', '-'],
    ['quotes in one tag', '<a ', `"'`],
    ['quotes in one value', `<a b="`, `'`],
    ['attributes in one tag', '<a ', 'b=c '],
    ['equals signs in one tag', '<a ', '='],
    ['slashes in one tag', '<a ', '/ '],
    ['spaces in one tag', '<a b', ' '],
    ['one long name', '<a', 'a'],
    ['beginnings of tags', '<'],
    ['terms that are not closed', '<dt>', 'Token '],
    ['labels', '<dt>A</dt><dd class="error">x</dd>'],
  ])('%s is read in a time that grows with its size', (_what, start, pattern = start) => {
    const filling = Buffer.alloc(size, pattern);
    expect(verdictOf([bytesOf(start), filling]).kind).toBe('unprocessed');
    expect(verdictOf([bytesOf(start), ...inEqualPieces(filling, 61)]).kind).toBe('unprocessed');
  });
});
