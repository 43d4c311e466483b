/**
 * Reads a form body with busboy, a parser that shares nothing with what writes it.
 */
import { Busboy } from '@fastify/busboy';

export interface ReadBody {
  /** Names and values in their order, bytes as Latin-1. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The names of the fields that came as a file. */
  readonly files: readonly string[];
}

/** Reads a whole body that comes in pieces; rejects where it is no form of this content type. */
export async function readFormBody(pieces: readonly Uint8Array[], contentType: string): Promise<ReadBody> {
  const busboy = new Busboy({
    headers: { 'content-type': contentType },
    defCharset: 'latin1',
    limits: { fieldSize: Number.POSITIVE_INFINITY },
  });
  const fields: [string, string][] = [];
  const files: string[] = [];
  busboy.on('field', (name, value) => fields.push([name, value]));
  busboy.on('file', (name, stream) => {
    files.push(name);
    stream.resume();
  });
  await new Promise((resolve, reject) => {
    busboy.on('finish', resolve).on('error', reject);
    for (const piece of pieces) busboy.write(Buffer.from(piece));
    busboy.end();
  });
  return { fields, files };
}
