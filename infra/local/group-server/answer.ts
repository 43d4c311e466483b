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

/** The answer as it stands on the wire, head and body, announcing the end of the connection. */
export function wireFormOf({ status, headers, body }: Answer): { head: Buffer; body: Buffer } {
  const lines = Object.entries({ ...headers, 'content-length': String(body.length), connection: 'close' });
  const fields = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return { head: Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${fields}\r\n`, 'latin1'), body };
}
