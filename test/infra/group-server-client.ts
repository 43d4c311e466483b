/**
 * A client for the tests of the reference GroupServer that shares no code with ours: forms written out by hand, sent
 * over a bare socket, and the end of the connection told apart (a goodbye, a reset, or silence).
 */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { GroupServer, Page } from '../../infra/local/group-server/group-server.ts';

export const TOKEN = 'theValueOfTheToken';

/** For `expect.poll`, on a machine that has other things to do. */
export const PATIENTLY = { timeout: 10_000 };

const paths: Record<Page, string> = {
  'look-up': '/gs-group-messages-add-group-exists.html',
  add: '/gs-group-messages-add-email.html',
  relay: '/gs-profile-email-relay.html',
  bounce: '/gs-group-member-bounce.html',
};

export const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64');

/** A form that each page accepts. */
export const goodForms: Record<Page, Record<string, string>> = {
  'look-up': { email: 'example_group@groups.example.com', token: TOKEN, 'actions.check': 'Check' },
  add: {
    emailMessage: base64('From: ada@example.com\r\nSubject: Hello\r\n\r\nHello\r\n'),
    groupId: 'example_group',
    timeSource: 'server',
    token: TOKEN,
    'actions.add': 'Add',
  },
  relay: {
    emailMessage: base64('From: ada@example.com\nTo: p-4f@groups.example.com\n\nHello\n'),
    token: TOKEN,
    'actions.relay': 'Relay',
  },
  bounce: {
    userEmail: 'member@example.net',
    groupEmail: 'example_group@groups.example.com',
    token: TOKEN,
    'actions.handle': 'Handle',
  },
};

export interface Heard {
  status: number;
  headers: Map<string, string>;
  body: string;
  /** Everything that came, as it came (Latin-1). */
  wire: string;
  end: 'goodbye' | 'reset' | 'silence';
}

/** A form as multipart; a field of a list is sent once per value, `file` gives that field a filename. */
export function multipart(fields: Record<string, string | string[]>, file?: string): { type: string; body: Buffer } {
  const boundary = 'aBoundaryThatIsInNoField';
  const parts = Object.entries(fields).flatMap(([name, values]) =>
    [values].flat().map((value) => {
      const filename = name === file ? '; filename=""' : '';
      return `--${boundary}\r\nContent-Disposition: form-data; name="form.${name}"${filename}\r\n\r\n${value}\r\n`;
    }),
  );
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    body: Buffer.from(`${parts.join('')}--${boundary}--\r\n`),
  };
}

export function urlencoded(fields: Record<string, string>): { type: string; body: Buffer } {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) form.append(`form.${name}`, value);
  return { type: 'application/x-www-form-urlencoded', body: Buffer.from(form.toString()) };
}

/** The bytes of a request with this body to a page. */
export function requestTo(
  page: Page,
  { type, body }: { type: string; body: Buffer },
  headers: Record<string, string> = {},
): Buffer {
  const all = { host: 'groups.example.com', 'content-type': type, 'content-length': String(body.length), ...headers };
  const lines = Object.entries({ ...all, connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`POST ${paths[page]} HTTP/1.1\r\n${lines.join('')}\r\n`), body]);
}

/** Sends a form to a page over a socket of its own; without fields, the one that is accepted. */
export function submit(server: GroupServer, page: Page, fields: Record<string, string> = goodForms[page]) {
  return talk(server, requestTo(page, multipart(fields)));
}

/** Asks for something of the server's with GET. */
export function get(url: string, path: string): Promise<Heard> {
  return talk({ url }, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
}

/** Sends bytes and hears what comes until the end, or until nothing has come for `patience` milliseconds. */
export async function talk({ url }: { url: string }, bytes: Buffer | string, patience = 10_000): Promise<Heard> {
  const { socket, ended } = listenOn(url, patience);
  socket.write(bytes);
  return await ended;
}

function listenOn(url: string, patience: number): { socket: Socket; ended: Promise<Heard> } {
  const { hostname: host, port, protocol } = new URL(url);
  const to = { host, port: Number(port) };
  const socket = protocol === 'https:' ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to);
  const pieces: Buffer[] = [];
  const ended = new Promise<Heard>((resolve) => {
    const finish = (end: Heard['end']) => {
      socket.destroy();
      resolve(heard(Buffer.concat(pieces), end));
    };
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.on('end', () => finish('goodbye'));
    socket.on('error', () => finish('reset'));
    socket.setTimeout(patience, () => finish('silence'));
  });
  return { socket, ended };
}

function heard(bytes: Buffer, end: Heard['end']): Heard {
  const wire = bytes.toString('latin1');
  const split = wire.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = wire.slice(0, Math.max(split, 0)).split('\r\n');
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const body = split < 0 ? '' : bytes.subarray(split + 4).toString();
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? 0), headers, body, wire, end };
}
