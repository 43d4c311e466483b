/**
 * An answer of the reference GroupServer as plain data, and its bytes on the wire for faults that bend them.
 */
import { type ServerResponse, STATUS_CODES } from 'node:http';

/** A whole answer; `Content-Length` is added when it is sent. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** An answer with an HTML body, 200 unless told otherwise. */
export function htmlAnswer(html: string, status = 200): Answer {
  return { status, headers: { 'content-type': 'text/html; charset=UTF-8' }, body: Buffer.from(html) };
}

/** Sends the answer as it should be. */
export function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': body.length }).end(body);
}

/** The head of an answer as it stands on the wire, announcing the end of the connection. */
export function headOf(status: number, headers: Record<string, string>): Buffer {
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`, 'latin1');
}

/** A whole answer as it stands on the wire, in its two parts. */
export function wireFormOf({ status, headers, body }: Answer): { head: Buffer; body: Buffer } {
  return { head: headOf(status, { ...headers, 'content-length': String(body.length) }), body };
}
