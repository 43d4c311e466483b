/**
 * The request body: two independent readers find in it what was put in, it is as long as it says, and a text that could
 * break out of its field is refused.
 */
import fc from 'fast-check';
import { messageOf } from '../../../functions/core/message.ts';
import { multipart } from '../../../functions/core/multipart.ts';
import { inPieces } from '../../core/pieces.ts';
import { readFormBody } from '../../core/read-form-body.ts';
import { cut, randomOf } from '../cut.ts';
import { holds, same } from '../holds.ts';
import type { Target } from '../target.ts';

const separator = '\x1f';
const text = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) });
const boundary = '------smtp2gs-form-data-';

/** Two texts and a message. */
const parts = fc
  .tuple(
    fc.oneof(text, fc.constantFrom(`${boundary}0`, `${boundary}0--`, `${boundary}1`)),
    text,
    fc.uint8Array({ maxLength: 300 }),
  )
  .map(([group, address, message]) =>
    Buffer.concat([Buffer.from(group + separator + address + separator), Buffer.from(message)]),
  );

export const multipartBody: Target = {
  name: 'multipart',
  grammar: parts,
  words: [
    separator,
    boundary,
    `${boundary}0`,
    `\r\n${boundary}0\r\n`,
    '--',
    '\r\n',
    '\n',
    '"',
    '; filename="x"',
    '\u0000',
  ],
  async check(input) {
    const random = randomOf(input);
    const [group = '', address = '', ...rest] = input.toString('latin1').split(separator);
    const bytes = Buffer.from(rest.join(separator), 'latin1');
    const pieces = cut(bytes, random);
    const message = { ...messageOf(bytes), read: () => pieces };
    const fields = { 'form.groupId': group, 'form.emailMessage': message, 'form.email': address };
    const isOneLine = [group, address].every((value) => /^[\x20-\x7e]*$/.test(value));
    let form: ReturnType<typeof multipart>;
    try {
      form = multipart(fields);
    } catch (error) {
      holds(error instanceof TypeError && !isOneLine, 'only a text that is not one line of ASCII is refused', error);
      return;
    }
    holds(isOneLine, 'a text that is not one line of ASCII is refused');
    const written: Buffer[] = [];
    for await (const piece of form.read()) written.push(Buffer.from(piece));
    const body = Buffer.concat(written);
    same(body.length, form.length, 'the body is as long as it says');
    const expected = [
      ['form.groupId', group],
      ['form.emailMessage', bytes.toString('base64')],
      ['form.email', address],
    ];
    same(referenceFields(body, form.contentType), expected, 'the body says what was put in');
    // busboy is slow: one case in eight.
    if (random.chance(0.875)) return;
    const read = await readFormBody(inPieces(body, [random.fraction(), random.fraction()]), form.contentType);
    same(read, { fields: expected, files: [] }, 'busboy finds what was put in');
  },
};

/** Reads by RFC 2046 section 5.1.1: a delimiter is a line that begins with `--` and the boundary. */
function referenceFields(body: Buffer, contentType: string): string[][] {
  const delimiter = `\r\n--${/boundary=(.*)$/.exec(contentType)?.[1]}`;
  const [preamble, ...rest] = `\r\n${body.toString('latin1')}`.split(delimiter);
  holds(preamble === '' && rest.pop() === '--\r\n', 'the body begins and ends with its delimiter');
  return rest.map(
    (part) => /^\r\nContent-Disposition: form-data; name="([^"]*)"\r\n\r\n(.*)$/s.exec(part)?.slice(1) ?? [],
  );
}
