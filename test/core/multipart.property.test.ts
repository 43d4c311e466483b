/** The request body: an independent parser reads back what was put in, and its length is the one announced. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeliveryFailure } from '../../functions/core/delivery-status.ts';
import type { Bytes, Message } from '../../functions/core/message.ts';
import { type FormBody, multipart } from '../../functions/core/multipart.ts';
import { cuts, inPieces, watched } from './pieces.ts';
import { readFormBody } from './read-form-body.ts';

/** The size of the pieces that a message is encoded in; sizes around its multiples are the interesting ones. */
const pieceSize = 36 * 1024;

const small = fc.uint8Array({ maxLength: 200 });
const large = fc.tuple(fc.nat({ max: 3 }), fc.integer({ min: -4, max: 4 }), small).map(([pieces, more, pattern]) => {
  const bytes = Buffer.alloc(Math.max(0, pieces * pieceSize + more), '\r\n--\0\xff');
  bytes.set(pattern.subarray(0, bytes.length));
  return bytes;
});
const mailText = fc
  .string({ unit: fc.constantFrom('\r', '\n', '\0', '-', '=', ':', ' ', 'a', '\xe9', '\xff') })
  .map((text) => Buffer.from(text, 'latin1'));
const boundaryLookalike = fc
  .tuple(fc.constantFrom('', '0', '1', '10'), fc.constantFrom('', '--', '@groups.example.com', '=x'))
  .map(([number, end]) => `------smtp2gs-form-data-${number}${end}`);
const lookalike = boundaryLookalike.map((text) =>
  Buffer.from(`${text}\r\nContent-Disposition: form-data; name="form.token"\r\n\r\nx\r\n${text}`),
);
const content = fc.oneof(small, large, mailText, lookalike);
/** One line of ASCII, lookalikes of the boundary included. */
const line = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) }),
  fc.constantFrom('', '--', 'a=b&c=d%20+'),
  boundaryLookalike,
);
const fieldName = fc.constantFrom('form.token', 'form.groupId', 'form.email', 'form.timeSource', 'form.actions.add');
const lines = fc.uniqueArray(fc.tuple(fieldName, line), { selector: ([name]) => name });

/** A message that says to have `size` bytes and gives these. */
function messageOf(bytes: Uint8Array, shares: readonly number[], size = bytes.length): Message {
  return { size, read: () => watched(inPieces(bytes, shares)) };
}

/** Reads a body as a transport must: each piece is copied before the next one is asked for. */
async function written(bytes: Bytes): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of bytes) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

describe('a form with a message', () => {
  it('is read back by an independent parser, field by field and byte by byte', async () => {
    await fc.assert(
      fc.asyncProperty(lines, content, lines, cuts, cuts, async (before, bytes, after, sent, received) => {
        // A name keeps the place it was given first and the value it was given last.
        const texts = { ...Object.fromEntries(before), 'form.emailMessage': '', ...Object.fromEntries(after) };
        const form = multipart({ ...texts, 'form.emailMessage': messageOf(bytes, sent) });
        const { fields, files } = await readFormBody(inPieces(await written(form.read()), received), form.contentType);
        // Standard base64 without a line break, as the page wants it.
        const base64 = Buffer.from(bytes).toString('base64');
        expect(fields).toEqual(Object.entries({ ...texts, 'form.emailMessage': base64 }));
        expect(files).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('is as long as it says, and the same when it is read again, in whatever pieces the message comes', async () => {
    await fc.assert(
      fc.asyncProperty(lines, content, cuts, cuts, async (texts, bytes, shares, otherShares) => {
        const formOf = (message: Message): FormBody =>
          multipart({ 'form.emailMessage': message, ...Object.fromEntries(texts) });
        const form = formOf(messageOf(bytes, shares));
        const first = await written(form.read());
        expect(first.length).toBe(form.length);
        expect(first.equals(await written(form.read()))).toBe(true);
        expect(first.equals(await written(formOf(messageOf(bytes, otherShares)).read()))).toBe(true);
      }),
    );
  });

  it('is written in pieces that are small, whatever the size of the message', async () => {
    const message = messageOf(Buffer.alloc(10 * pieceSize + 1, 'x'), []);
    let pieces = 0;
    for await (const piece of multipart({ message }).read()) {
      expect(piece.length).toBeLessThanOrEqual((pieceSize / 3) * 4);
      pieces += 1;
    }
    expect(pieces).toBe(11 + 2);
  });

  it('is one piece when it is small, so that a transport can send it at once', async () => {
    const form = multipart({ message: messageOf(Buffer.alloc(60_000, 'x'), [0.3, 0.3]), 'form.token': 'x' });
    const pieces: number[] = [];
    for await (const piece of form.read()) pieces.push(piece.length);
    expect(pieces).toEqual([form.length]);
  });

  it('asks a message for no byte before it is read itself', () => {
    const source = watched([Buffer.from('x')]);
    multipart({ message: { size: 1, read: () => source } });
    expect(source.asked).toBe(0);
  });
});

describe('a message that has changed', () => {
  it('is unreadable when it is longer or shorter than it said, and no whole body was written by then', async () => {
    const difference = fc.integer({ min: -50_000, max: 50_000 }).filter((bytes) => bytes !== 0);
    await fc.assert(
      fc.asyncProperty(content, difference, cuts, async (bytes, more, shares) => {
        const size = bytes.length + more;
        fc.pre(size >= 0);
        const form = multipart({ 'form.emailMessage': messageOf(bytes, shares, size), 'form.token': 'x' });
        let length = 0;
        const reading = (async () => {
          for await (const piece of form.read()) length += piece.length;
        })();
        const failure: unknown = await reading.then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(failure).toBeInstanceOf(DeliveryFailure);
        expect(failure).toMatchObject({ kind: 'message-unreadable' });
        expect(length).toBeLessThan(form.length);
      }),
    );
  });

  it('is let go at once when it goes on and on', async () => {
    let asked = 0;
    const endless: Message = {
      size: 10,
      *read() {
        for (;;) {
          asked += 1;
          yield Buffer.alloc(8);
        }
      },
    };
    await expect(written(multipart({ endless }).read())).rejects.toThrow('no longer has 10 bytes');
    expect(asked).toBe(2);
  });

  it('that cannot be read any more fails as it fails itself', async () => {
    const failure = new DeliveryFailure('message-unreadable', 'the spool is gone');
    const message: Message = {
      size: 10,
      *read() {
        yield Buffer.alloc(8);
        throw failure;
      },
    };
    await expect(written(multipart({ message }).read())).rejects.toBe(failure);
  });
});

describe('a text field', () => {
  it('that is not one line of ASCII is a programming error', () => {
    const odd = fc
      .tuple(line, fc.constantFrom('\n', '\r', '\0', '\t', '\x7f', '\x1f', 'é', '\u2028', '😀'), line)
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(odd, (text) => {
        expect(() => multipart({ 'form.token': text })).toThrow(TypeError);
      }),
    );
  });

  it('is named in that error, and not quoted', () => {
    expect(() => multipart({ 'form.token': 'theValueOfTheToken\n' })).toThrow(
      /^field form\.token is not one line of ASCII$/,
    );
  });
});
