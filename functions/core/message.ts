/**
 * What the core asks of a message: its size and a way to read its bytes from the start, twice at most (header section,
 * then everything). It does not know whether they lie in memory, in a spool file or in S3. A piece that is read stays
 * valid only until the next one is asked for, so that a reader may use one buffer again and again.
 */

export type Bytes = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

export interface Message {
  /** Bytes in all. */
  readonly size: number;
  /** Reads the bytes from the first; throws a DeliveryFailure `message-unreadable` when they cannot be had. */
  read(): Bytes;
}

/** Makes a message of bytes in memory. */
export function messageOf(bytes: Uint8Array): Message {
  return { size: bytes.length, read: () => [bytes] };
}

/**
 * Puts the field `X-Original-To` in front of a message, as Postfix does, so that every door hands over the same thing.
 * The recipient is an address without line breaks; one that has any throws a TypeError.
 */
export function withOriginalRecipient(message: Message, recipient: string): Message {
  if (/[\r\n]/.test(recipient)) throw new TypeError('a recipient is one line');
  const field = Buffer.from(`X-Original-To: ${recipient}\r\n`, 'latin1');
  return {
    size: field.length + message.size,
    async *read() {
      yield field;
      yield* message.read();
    },
  };
}
