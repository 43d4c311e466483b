/** The header reader: the same fields as mailparser sees, however the bytes come, and no byte more than needed. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstField, type Header, headerLimit, readHeader } from '../../functions/core/header.ts';
import { mboxLineLength } from '../../functions/smtp2gs/mbox-line.ts';
import { mail } from './generated-mail.ts';
import { type Field, mailparserFields } from './mailparser-fields.ts';
import { cuts, inEqualPieces, inPieces, watched } from './pieces.ts';

const fixtures = new URL('../fixtures/', import.meta.url);
const fixtureNames = readdirSync(fixtures).filter((name) => name.endsWith('.eml'));

/** Our fields in the form in which mailparser gives its own. */
function comparable(header: Header): Field[] {
  const lined = (text: string) => text.replaceAll(/\r?\n/g, '\r\n');
  return header.map(({ name, raw }) => ({
    name: lined(name).toLowerCase(),
    line: lined(raw).replace(/\r\n$/, '').replace(/\r+$/, ''),
  }));
}

/** What mailparser takes for a preamble and not for a field, though a field it may be: `From : x`. */
const isPreamble = (bytes: Buffer) => /^(?:From|POST) /i.test(bytes.toString('latin1'));

/** Where the empty line ends that ends the header section; behind everything when there is none. */
function sectionEnd(bytes: Buffer): number {
  const found = /(?:^|\n)\r?\n/.exec(bytes.toString('latin1'));
  return found ? found.index + found[0].length : bytes.length + 1;
}

/** How many pieces hold the bytes up to a place; all where there are not so many. */
function piecesUpTo(place: number, pieces: readonly Uint8Array[]): number {
  let count = 0;
  for (let length = 0; length < place && count < pieces.length; count += 1) length += pieces[count]?.length ?? 0;
  return count;
}

describe('the fields are those that mailparser sees', () => {
  it('in any generated mail', async () => {
    await fc.assert(
      fc.asyncProperty(mail, async (bytes) => {
        fc.pre(!isPreamble(bytes));
        expect(comparable(await readHeader([bytes]))).toEqual(await mailparserFields(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  it('behind an mbox From line that the door has taken off', async () => {
    await fc.assert(
      fc.asyncProperty(mail, fc.constantFrom('\n', '\r\n'), async (bytes, end) => {
        // A folded line behind it belongs to the From line for mailparser; no mail system folds it.
        fc.pre(!isPreamble(bytes) && !/^[ \t]/.test(bytes.toString('latin1')));
        const whole = Buffer.concat([Buffer.from(`From ada@example.com Sun Nov 22 08:00:00 2026${end}`), bytes]);
        const stripped = whole.subarray(mboxLineLength(whole));
        expect(stripped).toEqual(bytes);
        expect(comparable(await readHeader([stripped]))).toEqual(await mailparserFields(whole));
      }),
      { numRuns: 500 },
    );
  });

  it.each(fixtureNames)('in %s', async (name) => {
    const whole = readFileSync(new URL(name, fixtures));
    const bytes = whole.subarray(mboxLineLength(whole));
    expect(comparable(await readHeader([bytes]))).toEqual(await mailparserFields(bytes));
  });
});

describe('a field', () => {
  const read = async (text: string) =>
    (await readHeader([Buffer.from(text, 'latin1')])).map(({ name, body }) => [name, body]);

  it.each([
    ['is unfolded, with any line end', 'A: b\r\n c\n\td\n', [['A', 'b c\td']]],
    ['has a name with the white space around it taken off', 'A \t: b\n', [['A', 'b']]],
    [
      'may be blank',
      'A:\nB: \r\n',
      [
        ['A', ''],
        ['B', ''],
      ],
    ],
    ['keeps colons behind the first', 'A: b:c\n', [['A', 'b:c']]],
    ['keeps bytes above 127 and NUL', 'A: \xe9\0\n', [['A', '\xe9\0']]],
    ['keeps a lone CR inside', 'A: b\rB: c\n', [['A', 'b\rB: c']]],
    ['may stand on folded lines only', 'A:\n b\n', [['A', 'b']]],
    ['is not a line without a colon', 'nothing\nA: b\n', [['A', 'b']]],
    ['is not a line without a name', ': x\nA: b\n', [['A', 'b']]],
    ['is not a line of the body', 'A: b\n\nC: d\n', [['A', 'b']]],
    ['is not a line behind a leading empty line', '\r\nA: b\n', []],
    ['is not in an empty mail', '', []],
    ['is whole without a line end', 'A: b', [['A', 'b']]],
  ])('%s', async (_what, text, fields) => {
    expect(await read(text)).toEqual(fields);
  });

  it('is found by its name in any letter case, the first of several', async () => {
    const header = await readHeader([Buffer.from('To: a\nX-ORIGINAL-to: b\nX-Original-To: c\n')]);
    expect(firstField(header, 'x-oRiginal-to')).toBe('b');
    expect(firstField(header, 'X-Original')).toBeUndefined();
  });

  it('is given raw as well, and all of them are the header section when every line is a field', async () => {
    const section = 'A: b\r\n c\nB : d\n\te\r\n';
    const header = await readHeader([Buffer.from(`${section}\nbody`)]);
    expect(header.map(({ raw }) => raw).join('')).toBe(section);
  });
});

describe('the bytes', () => {
  it('give the same header whatever pieces they come in, also in a buffer that is used again', async () => {
    await fc.assert(
      fc.asyncProperty(mail, cuts, async (bytes, shares) => {
        const whole = await readHeader([bytes]);
        expect(await readHeader(watched(inPieces(bytes, shares)))).toEqual(whole);
        expect(await readHeader(watched(inEqualPieces(bytes, 1)))).toEqual(whole);
      }),
    );
  });

  it('are not asked for behind the empty line, and are let go there', async () => {
    await fc.assert(
      fc.asyncProperty(mail, cuts, async (bytes, shares) => {
        const pieces = inPieces(bytes, shares);
        const source = watched(pieces);
        await readHeader(source);
        expect(source.asked).toBe(piecesUpTo(sectionEnd(bytes), pieces));
        expect(source.isClosed).toBe(true);
      }),
    );
  });

  it('are not asked for behind the limit, where the header is cut', async () => {
    await fc.assert(
      fc.asyncProperty(mail, cuts, fc.integer({ min: 1, max: 60 }), async (bytes, shares, limit) => {
        const pieces = inPieces(bytes, shares);
        const source = watched(pieces);
        expect(await readHeader(source, limit)).toEqual(await readHeader([bytes.subarray(0, limit)]));
        expect(source.asked).toBe(piecesUpTo(Math.min(limit, sectionEnd(bytes)), pieces));
      }),
    );
  });

  it('of a header section of 10 MB are read as far as the limit', async () => {
    const pieceSize = 64 * 1024;
    const endless = Buffer.concat([
      Buffer.from('X-Original-To: example_group@groups.example.com\n'),
      Buffer.from('X-Filler: and so on\n'.repeat(500_000)),
    ]);
    const source = watched(inEqualPieces(endless, pieceSize));
    const header = await readHeader(source);
    expect(source.asked).toBe(headerLimit / pieceSize);
    expect(firstField(header, 'x-original-to')).toBe('example_group@groups.example.com');
    // The field that the limit cuts may be cut before its colon.
    expect(header.reduce((sum, { raw }) => sum + raw.length, 20)).toBeGreaterThanOrEqual(headerLimit);
  });

  // With work that grows as the square of the length, none of these would end within the time limit of a test.
  it.each([
    ['one line', 'A: '.padEnd(headerLimit, 'x'), 1],
    ['one field on lines that hold nothing', `A:${'\n '.repeat(headerLimit / 2)}`, 1],
    ['fields of one letter', 'a:\n'.repeat(headerLimit / 3), Math.floor(headerLimit / 3)],
    ['colons', ':'.repeat(headerLimit), 0],
    ['lone CRs', 'A: '.padEnd(headerLimit, '\r'), 1],
    ['white space', ' '.repeat(headerLimit), 0],
    ['lines that are no field', 'x\n'.repeat(headerLimit / 2), 0],
  ])('of a header section of 1 MiB of %s take work that grows with their number', async (_what, text, fields) => {
    const header = await readHeader([Buffer.from(text)]);
    expect(header.length).toBe(fields);
  });

  it('of a long header section that comes in very many pieces are each looked at once', async () => {
    const header = await readHeader(watched(inEqualPieces(Buffer.from('a: b\n'.repeat(headerLimit / 5)), 7)));
    expect(header.length).toBe(Math.floor(headerLimit / 5));
  });
});
