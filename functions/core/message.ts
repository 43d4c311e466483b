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
