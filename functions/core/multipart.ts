/**
 * Writes the fields of a form as a `multipart/form-data` body (RFC 7578) of known length, the message among them as
 * base64, in pieces. It knows neither mail nor HTTP. A message that turns out shorter or longer than it said is
 * `message-unreadable`: nothing may be posted that is not the mail.
 */
import { DeliveryFailure } from './delivery-status.ts';
import type { Bytes, Message } from './message.ts';

/**
 * Bytes of the message that are encoded at once: a multiple of 3, so that base64 pads at the end only. 32 KiB come out,
 * which stays under malloc's mmap threshold; much smaller and larger slices were slower (research/perf.md section 4.1).
 */
const sliceSize = 24 * 1024;

/** Bytes of a piece at most: a small form is one, and a large one has few that somebody has to wait for. */
const pieceSize = 384 * 1024;

/** A field's value: one line of text, or the message. */
export type FormValue = string | Message;

export interface FormBody {
  readonly contentType: string;
  /** Bytes in all. */
  readonly length: number;
  /** Gives the body from its first byte; each piece is valid until the next is asked for. */
  read(): Bytes;
}

/** Makes the body of a form; a text value with a line break or outside ASCII is a programming error and throws. */
export function multipart(fields: Readonly<Record<string, FormValue>>): FormBody {
  const boundary = boundaryFor(Object.values(fields));
  const parts: (string | Message)[] = [];
  let text = '';
  for (const [name, value] of Object.entries(fields)) {
    text += `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n`;
    if (typeof value === 'string') {
      if (!/^[\x20-\x7e]*$/.test(value)) throw new TypeError(`field ${name} is not one line of ASCII`);
      text += value;
    } else {
      parts.push(text, value);
      text = '';
    }
    text += '\r\n';
  }
  parts.push(`${text}--${boundary}--\r\n`);
  const lengthOf = (part: string | Message) => (typeof part === 'string' ? part.length : 4 * Math.ceil(part.size / 3));
  const length = parts.reduce((sum, part) => sum + lengthOf(part), 0);
  return { contentType: `multipart/form-data; boundary=${boundary}`, length, read: () => inPieces(parts, length) };
}

/** Writes all parts into one buffer, which is given away whenever it is full and used again. */
async function* inPieces(parts: readonly (string | Message)[], length: number): AsyncGenerator<Uint8Array> {
  const piece = Buffer.allocUnsafeSlow(Math.min(pieceSize, length));
  let filled = 0;
  function* write(strings: Iterable<string>): Generator<Uint8Array> {
    for (const string of strings) {
      if (filled + string.length > piece.length) {
        yield piece.subarray(0, filled);
        filled = 0;
      }
      filled += piece.write(string, filled, 'latin1');
    }
  }
  for (const part of parts) {
    if (typeof part === 'string') {
      yield* write(slices(part));
      continue;
    }
    const encoder = base64Encoder(part);
    for await (const bytes of part.read()) yield* write(encoder.encode(bytes));
    yield* write(encoder.end());
  }
  yield piece.subarray(0, filled);
}

function* slices(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += sliceSize) yield text.slice(at, at + sliceSize);
}

/**
 * Names what separates the parts. A delimiter begins a line: base64 has no `-`, but a field may be an address, which
 * strangers write, and would end the form if it began like one.
 */
function boundaryFor(values: readonly FormValue[]): string {
  for (let number = 0; ; number += 1) {
    const boundary = `----smtp2gs-form-data-${number}`;
    if (!values.some((value) => typeof value === 'string' && value.startsWith(`--${boundary}`))) return boundary;
  }
}

interface Base64Encoder {
  encode(bytes: Uint8Array): Iterable<string>;
  end(): Iterable<string>;
}

/** Encodes the bytes of a message as they come, without copying more of them than two. */
function base64Encoder(message: Message): Base64Encoder {
  let total = 0;
  let rest: Buffer = Buffer.alloc(0);
  return {
    *encode(bytes) {
      total += bytes.length;
      if (total > message.size) throw changed(message);
      let borrowed = 0;
      if (rest.length > 0) {
        borrowed = Math.min(3 - rest.length, bytes.length);
        rest = Buffer.concat([rest, bytes.subarray(0, borrowed)]);
        if (rest.length < 3) return;
        yield rest.toString('base64');
      }
      const input = Buffer.from(bytes.buffer, bytes.byteOffset + borrowed, bytes.length - borrowed);
      const end = input.length - (input.length % 3);
      for (let at = 0; at < end; at += sliceSize) yield input.toString('base64', at, Math.min(at + sliceSize, end));
      rest = Buffer.from(input.subarray(end));
    },
    *end() {
      if (total !== message.size) throw changed(message);
      yield rest.toString('base64');
    },
  };
}

function changed(message: Message): DeliveryFailure {
  return new DeliveryFailure('message-unreadable', `the message no longer has ${message.size} bytes`);
}
