/** Messages in memory, with a recipient in front, and their sizes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeliveryFailure } from '../../functions/core/delivery-status.ts';
import { firstField, readHeader } from '../../functions/core/header.ts';
import { bytesPerMebibyte, checkSize } from '../../functions/core/limit.ts';
import { type Message, messageOf, withOriginalRecipient } from '../../functions/core/message.ts';
import { mail } from './generated-mail.ts';

async function bytesOf(message: Message): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of message.read()) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

const recipient = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
});

describe('a message', () => {
  it('with a recipient in front has one field more and every byte behind it, each time it is read', async () => {
    await fc.assert(
      fc.asyncProperty(mail, recipient, async (bytes, address) => {
        const message = withOriginalRecipient(messageOf(bytes), address);
        const whole = await bytesOf(message);
        expect(whole).toEqual(Buffer.concat([Buffer.from(`X-Original-To: ${address}\r\n`), bytes]));
        expect(await bytesOf(message)).toEqual(whole);
        expect(message.size).toBe(whole.length);
      }),
    );
  });

  it('shows that recipient, not one that the mail has forged', async () => {
    const message = withOriginalRecipient(messageOf(Buffer.from('X-Original-To: forged@h\n\n')), 'a@h');
    expect(firstField(await readHeader(message.read()), 'X-Original-To')).toBe('a@h');
  });

  it.each(['a@h\nBcc: b@h', 'a@h\r', '\n'])('takes no recipient %j', (address) => {
    expect(() => withOriginalRecipient(messageOf(Buffer.from('x')), address)).toThrow(TypeError);
  });
});

describe('the limit', () => {
  const kindOf = (size: number, maxSize: number) => {
    try {
      checkSize(size, maxSize);
      return 'accepted';
    } catch (error) {
      return error instanceof DeliveryFailure ? `${error.kind}: ${error.message}` : error;
    }
  };

  it.each([
    [0, bytesPerMebibyte, 'message-empty: nothing came from the mail system'],
    [0, 0, 'message-empty: nothing came from the mail system'],
    [1, bytesPerMebibyte, 'accepted'],
    [1_048_576, bytesPerMebibyte, 'accepted'],
    [1_048_577, bytesPerMebibyte, 'message-too-large: the limit is 1 MiB'],
    [1_048_577, 200 * bytesPerMebibyte, 'accepted'],
    [200 * 1_048_576 + 1, 200 * bytesPerMebibyte, 'message-too-large: the limit is 200 MiB'],
  ])('takes %i bytes of %i: %s', (size, maxSize, outcome) => {
    expect(kindOf(size, maxSize)).toBe(outcome);
  });
});
