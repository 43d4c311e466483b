/**
 * Writes the fields of a form as a `multipart/form-data` body (RFC 7578) of known length, the message among them as
 * base64, in pieces. It knows neither mail nor HTTP. A message that turns out shorter or longer than it said is
 * `message-unreadable`: nothing may be posted that is not the mail.
 */
import { DeliveryFailure } from './delivery-status.ts';
import type { Bytes, Message } from './message.ts';

/**
 * Bytes of the message per piece: a multiple of 3, so that base64 pads at the end only. 48 KiB come out, which stays
 * under malloc's mmap threshold; beside it every larger and smaller size was slower (research/perf.md section 4.1).
 */
const pieceSize = 36 * 1024;

/** Bytes. A form up to this is one piece: a request that a transport can send by one write. */
const smallForm = 128 * 1024;

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
  const parts: (Uint8Array | Message)[] = [];
  let text = '';
  for (const [name, value] of Object.entries(fields)) {
    text += `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n`;
    if (typeof value === 'string') {
      if (!/^[\x20-\x7e]*$/.test(value)) throw new TypeError(`field ${name} is not one line of ASCII`);
      text += value;
    } else {
      parts.push(Buffer.from(text), value);
      text = '';
    }
    text += '\r\n';
  }
  parts.push(Buffer.from(`${text}--${boundary}--\r\n`));
  const lengthOf = (part: Uint8Array | Message) =>
    part instanceof Uint8Array ? part.length : 4 * Math.ceil(part.size / 3);
  const length = parts.reduce((sum, part) => sum + lengthOf(part), 0);
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    length,
    async *read() {
      if (length <= smallForm) yield await inOnePiece(parts, length);
      else yield* inPieces(parts);
    },
  };
}

async function* inPieces(parts: readonly (Uint8Array | Message)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Uint8Array) yield part;
    else yield* base64(part);
  }
}

async function inOnePiece(parts: readonly (Uint8Array | Message)[], length: number): Promise<Uint8Array> {
  const whole = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  for await (const piece of inPieces(parts)) {
    whole.set(piece, filled);
    filled += piece.length;
  }
  return whole;
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

/** Encodes a message in pieces; both buffers are used again for every piece. */
async function* base64(message: Message): AsyncGenerator<Uint8Array> {
  const input = Buffer.allocUnsafeSlow(Math.min(pieceSize, message.size));
  const output = Buffer.allocUnsafeSlow(4 * Math.ceil(input.length / 3));
  let filled = 0;
  let total = 0;
  for await (const bytes of message.read()) {
    total += bytes.length;
    if (total > message.size) throw changed(message);
    for (let taken = 0; taken < bytes.length; ) {
      const part = bytes.subarray(taken, taken + input.length - filled);
      input.set(part, filled);
      filled += part.length;
      taken += part.length;
      if (filled === input.length) {
        yield encode(input, filled, output);
        filled = 0;
      }
    }
  }
  if (total !== message.size) throw changed(message);
  if (filled > 0) yield encode(input, filled, output);
}

function encode(input: Buffer, length: number, output: Buffer): Uint8Array {
  const written = output.write(input.toString('base64', 0, length), 0, 'latin1');
  return written === output.length ? output : output.subarray(0, written);
}

function changed(message: Message): DeliveryFailure {
  return new DeliveryFailure('message-unreadable', `the message no longer has ${message.size} bytes`);
}
