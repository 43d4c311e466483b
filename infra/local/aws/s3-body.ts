/**
 * The body of an S3 upload. SDK clients send streams in the `aws-chunked` coding, with the checksum as a trailer:
 *   <size in hex>[;chunk-signature=…]CRLF <bytes> CRLF … 0 CRLF [x-amz-checksum-crc32:<base64>CRLF] CRLF
 * Signatures are not verified.
 */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { header } from './s3-request.ts';

/** The decoded bytes, and the checksum that the client announced, known once the bytes have ended. */
export interface UploadBody {
  bytes: Readable;
  /** CRC-32, base64. */
  crc32: () => string | undefined;
}

/** Reads the body of a request in whatever coding it came. */
export function uploadBody(request: IncomingMessage): UploadBody {
  let announced = header(request, 'x-amz-checksum-crc32');
  const chunked = header(request, 'x-amz-content-sha256')?.startsWith('STREAMING-') ?? false;
  if (!chunked) return { bytes: request, crc32: () => announced };
  const bytes = Readable.from(
    decode(request, (trailer) => {
      announced = /^x-amz-checksum-crc32:(\S+)/im.exec(trailer)?.[1] ?? announced;
    }),
    { objectMode: false },
  );
  return { bytes, crc32: () => announced };
}

async function* decode(source: AsyncIterable<Buffer>, onTrailer: (text: string) => void): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0);
  let left = 0;
  let ended = false;
  for await (const piece of source) {
    held = held.length === 0 ? piece : Buffer.concat([held, piece]);
    while (held.length > 0 && !ended) {
      if (left > 0) {
        const part = held.subarray(0, left);
        held = held.subarray(part.length);
        left -= part.length;
        yield part;
        continue;
      }
      // Between chunks stands the line end of the last one, then the size of the next.
      const line = /^(?:\r\n)?([0-9a-f]+)(?:;[^\r\n]*)?\r\n/i.exec(held.subarray(0, 256).toString('latin1'));
      if (!line) break;
      held = held.subarray(line[0].length);
      left = Number.parseInt(line[1] ?? '', 16);
      ended = left === 0;
    }
  }
  if (!ended || left > 0) throw new Error('the upload ended early');
  onTrailer(held.toString('latin1'));
}
