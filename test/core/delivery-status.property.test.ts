/** The failure table and the line that a mail system reads: right for every row and whatever text comes with it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DeliveryFailure,
  type FailureKind,
  failures,
  outcomeOf,
  type SuccessKind,
  statusLine,
  statusOf,
  statusText,
  success,
  successes,
} from '../../functions/core/delivery-status.ts';

const rows = Object.entries({ ...successes, ...failures });
const failureKinds = Object.keys(failures).filter((kind): kind is FailureKind => kind in failures);
const successKinds = Object.keys(successes).filter((kind): kind is SuccessKind => kind in successes);
const anyRow = fc.constantFrom(...rows.map(([, row]) => row));
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 2000 }),
  fc.string({
    unit: fc.constantFrom('\n', '\r', '\t', '\0', '\x1b', '\x7f', '\u2028', 'é', '😀', '%', 'a', ' '),
    maxLength: 700,
  }),
  fc.nat({ max: 3000 }).map((length) => 'x'.repeat(length)),
);

/**
 * What Postfix takes for a status code at the start of the output (`dsn_valid`): a class of 2, 4 or 5, two numbers of
 * one to three digits, then white space or the end. Gives the code.
 */
function dsnAtStart(line: string): string | undefined {
  return /^([245]\.\d{1,3}\.\d{1,3})(?=\s|$)/.exec(line)?.[1];
}

describe('the table', () => {
  // Copied by hand from spec/groupserver.md section 3, so that a change of the table is seen.
  it.each([
    ['posted', '2.0.0', 0],
    ['relayed', '2.0.0', 0],
    ['bounce-recorded', '2.1.5', 0],
    ['internal-error', '4.3.0', 75],
    ['message-unreadable', '4.3.0', 75],
    ['config-invalid', '4.3.5', 75],
    ['server-unreachable', '4.4.4', 75],
    ['connection-lost', '4.4.2', 75],
    ['no-slot', '4.4.5', 75],
    ['answer-not-understood', '4.5.0', 75],
    ['url-without-host', '4.5.2', 75],
    ['no-group', '5.1.1', 67],
    ['no-recipient', '5.1.3', 65],
    ['message-empty', '5.3.0', 65],
    ['message-too-large', '5.3.4', 65],
    ['answer-final', '5.5.0', 76],
  ])('says of %s %s and exit %i', (kind, code, exit) => {
    expect(Object.fromEntries(rows)[kind]).toMatchObject({ code, exit });
  });

  it('has sixteen rows, each with a text of its own in printable ASCII', () => {
    const texts = rows.map(([, { text }]) => text);
    expect(texts).toHaveLength(16);
    expect(new Set(texts).size).toBe(texts.length);
    for (const text of texts) expect(text).toMatch(/^[A-Z][\x20-\x7e]{10,60}$/);
  });

  it.each(rows)('never lets code and exit of %s contradict each other', (_kind, { code, exit }) => {
    const outcome = outcomeOf({ code });
    expect(outcome).toBe({ 2: 'delivered', 4: 'deferred', 5: 'bounced' }[code.charAt(0)]);
    expect(exit === 75).toBe(outcome === 'deferred');
    expect(exit === 0).toBe(outcome === 'delivered');
  });
});

describe('the line for the mail system', () => {
  it('is one line of printable ASCII under 500 bytes that begins with the code, whatever the detail is', () => {
    fc.assert(
      fc.property(anyRow, fc.option(anyText, { nil: undefined }), (row, detail) => {
        const line = statusLine({ ...row, ...(detail === undefined ? {} : { detail }) });
        expect(line).toMatch(/^[\x20-\x7e]+\n$/);
        expect(Buffer.byteLength(line)).toBeLessThan(500);
        expect(dsnAtStart(line)).toBe(row.code);
        expect(line.startsWith(`${row.code} ${row.text}`)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    [undefined, '5.1.1 Text\n'],
    ['', '5.1.1 Text\n'],
    ['what and where', '5.1.1 Text: what and where\n'],
    ['on\r\n two\tlines', '5.1.1 Text: on two lines\n'],
    ['Köln \x1b[1m', '5.1.1 Text: K?ln ?[1m\n'],
    ['50% of ~', '5.1.1 Text: 50% of ~\n'],
  ])('with the detail %j is %j', (detail, line) => {
    expect(statusLine({ code: '5.1.1', text: 'Text', ...(detail === undefined ? {} : { detail }) })).toBe(line);
  });

  it('keeps 480 characters of the text and shows that it was cut', () => {
    const exact = 'x'.repeat(480 - 'Text: '.length);
    expect(statusText({ text: 'Text', detail: exact })).toBe(`Text: ${exact}`);
    expect(statusText({ text: 'Text', detail: `${exact}y` })).toBe(`Text: ${exact.slice(0, -3)}...`);
  });

  it('with an invalid code would not be recognised: the test of the code can fail', () => {
    expect(['4.3.5: x', ' 4.3.5 x', '4.3 x', '3.3.0 x', '4.1234.0 x', '4.3.0x'].map(dsnAtStart)).toEqual(
      Array(6).fill(undefined),
    );
  });
});

describe('what was thrown', () => {
  it('becomes its row when it is a failure, with all that is known', () => {
    const cause = new Error('why');
    for (const kind of failureKinds) {
      const facts = { httpStatus: 503, retryAfter: 7, cause };
      expect(statusOf(new DeliveryFailure(kind, 'what', facts))).toEqual({
        kind,
        ...failures[kind],
        detail: 'what',
        ...facts,
      });
      expect(statusOf(new DeliveryFailure(kind, 'what'))).toEqual({ kind, ...failures[kind], detail: 'what' });
    }
  });

  it('is kept by a failure as an error keeps it', () => {
    const cause = new Error('why');
    const failure = new DeliveryFailure('no-slot', 'what', { cause });
    expect(failure).toBeInstanceOf(Error);
    expect([failure.name, failure.message, failure.kind, failure.cause]).toEqual([
      'DeliveryFailure',
      'what',
      'no-slot',
      cause,
    ]);
    expect(new DeliveryFailure('no-slot', 'what').facts).toEqual({});
  });

  it('is an internal error otherwise, of which nothing but the kind is told', () => {
    expect(statusOf(new TypeError('theValueOfTheToken'))).toMatchObject({
      code: '4.3.0',
      exit: 75,
      detail: 'TypeError',
    });
    expect(statusOf('theValueOfTheToken')).toMatchObject({ code: '4.3.0', exit: 75, detail: 'string' });
    fc.assert(
      fc.property(fc.anything(), (thrown) => {
        const status = statusOf(thrown);
        expect(status).toMatchObject({ kind: 'internal-error', ...failures['internal-error'] });
        expect(status.cause).toBe(thrown);
        expect(outcomeOf(status)).toBe('deferred');
      }),
    );
  });
});

describe('a success', () => {
  it.each(successKinds)('%s has its row, and a detail when there is something to tell', (kind) => {
    expect(success(kind)).toStrictEqual({ kind, ...successes[kind] });
    expect(success(kind, 'what')).toEqual({ kind, ...successes[kind], detail: 'what' });
  });
});
