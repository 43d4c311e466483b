/** The name of a delivery: the same at every try, another one for every other mail. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headerLimit, readHeader } from '../../functions/core/header.ts';
import { idempotencyKey } from '../../functions/core/idempotency-key.ts';
import { mail } from './generated-mail.ts';

const recipient = 'example_group@groups.example.com';

async function keyOf(bytes: Uint8Array, to = recipient): Promise<string> {
  return idempotencyKey(to, bytes.length, await readHeader([bytes]));
}

const lastHopNames = ['Return-Path', 'X-Original-To', 'Delivered-To', 'Envelope-To', 'Delivery-date', 'rEtUrN-pAtH'];
const text = fc.string({ unit: fc.constantFrom('a', '@', ':', ' ', '<', '\xe9', '\0', '\r'), maxLength: 20 });
/** A field as the last hop may write it, folded or not. */
const lastHopField = fc
  .tuple(
    fc.constantFrom(...lastHopNames),
    fc.constantFrom('', ' ', '\t'),
    fc.array(text, { minLength: 1, maxLength: 3 }),
    fc.constantFrom('\n', '\r\n'),
  )
  .map(([name, space, lines, end]) => `${name}${space}:${lines.join(`${end}\t`)}${end}`);
const lastHop = fc.array(lastHopField, { maxLength: 5 }).map((fields) => Buffer.from(fields.join(''), 'latin1'));
/** A mail whose header section does not begin with what would continue the field before it. */
const wholeMail = mail.filter((bytes) => !/^[ \t]/.test(bytes.toString('latin1')));

describe('the key', () => {
  it('is 64 hexadecimal digits', async () => {
    expect(await keyOf(Buffer.from('Subject: Tea\n\nTea?'))).toMatch(/^[0-9a-f]{64}$/);
    expect(await keyOf(Buffer.from('no header'))).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is the same whatever the last hop wrote in front of the mail', async () => {
    await fc.assert(
      fc.asyncProperty(wholeMail, lastHop, lastHop, async (bytes, one, other) => {
        expect(await keyOf(Buffer.concat([one, bytes]))).toBe(await keyOf(Buffer.concat([other, bytes])));
      }),
    );
  });

  it('differs when anything of another field, its place or the length of the mail differs', async () => {
    await fc.assert(
      fc.asyncProperty(
        wholeMail,
        fc.constantFrom('X-A: b\n', 'X-A: c\n', 'x-a: b\n', 'X-A:b\n'),
        async (bytes, field) => {
          const key = await keyOf(bytes);
          expect(await keyOf(Buffer.concat([Buffer.from(field), bytes]))).not.toBe(key);
          expect(await keyOf(Buffer.concat([bytes, Buffer.from('\n\nx')]))).not.toBe(key);
        },
      ),
    );
    const keys = await Promise.all(
      ['X-A: b\nY: c\n', 'X-A: c\nY: b\n', 'Y: c\nX-A: b\n', 'X-A: b\n Y: c\n', 'X-A: b\r\nY:c\n'].map((header) =>
        keyOf(Buffer.from(`${header}\nbody`)),
      ),
    );
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('differs between recipients, also where one is the beginning of another', async () => {
    const bytes = Buffer.from('Subject: Tea\n\n');
    const keys = await Promise.all(['', 'a@h', 'a@h1', 'list a', 'b@h'].map((to) => keyOf(bytes, to)));
    expect(new Set(keys).size).toBe(keys.length);
  });

  // The hash of "a@h\n18\nSubject: Tea\n".
  it('does not change with a new version of the program: retries go on over an update', async () => {
    expect(await keyOf(Buffer.from('Return-Path: <x@h>\nSubject: Tea\n\nTea?'), 'a@h')).toBe(
      'f0afa65487840071f15d71927f833a27ee234b888769c365cdaf17d0bae1dd0f',
    );
  });

  // With work that grows as the square of their number, this would not end within the time limit of a test.
  it('of a header section of very many fields takes work that grows with their number', async () => {
    const fields = Buffer.from('a:\n'.repeat(headerLimit / 3));
    expect(await keyOf(fields)).not.toBe(await keyOf(Buffer.concat([fields, Buffer.from('\n')])));
  });
});
