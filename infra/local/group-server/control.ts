/**
 * The reference GroupServer's remote control for other processes: `GET /_control` tells its state, `POST /_control`
 * takes one command in JSON. A web page of another site cannot send that content type without being asked first, and
 * the host has to be a loopback name; so no page in a browser can drive it.
 * Anything that is not a command is answered 400 with the reason, and nothing is changed.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { send } from './answer.ts';
import { faultIn } from './fault-in.ts';
import { isByLoopbackName } from './loopback-name.ts';
import { type Page, pageNames } from './page.ts';
import type { GroupServer, StoredMessage } from './record.ts';

const PATH = '/_control';
const LIMIT = 1024 * 1024;

/** Takes the request if it is for the control; false leaves it to others. */
export function control(server: GroupServer, request: IncomingMessage, response: ServerResponse): boolean {
  if (request.url !== PATH) return false;
  answer(server, request).then(
    ({ status, value }) => {
      const body = Buffer.from(`${JSON.stringify(value)}\n`);
      const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
      send(response, { status, headers, body });
    },
    () => request.socket.destroy(),
  );
  return true;
}

async function answer(server: GroupServer, request: IncomingMessage): Promise<{ status: number; value: unknown }> {
  if (!isByLoopbackName(request)) return failure(403, 'The control is for this machine');
  if (request.method === 'GET') return { status: 200, value: stateOf(server) };
  if (request.method !== 'POST') return failure(405, 'GET or POST');
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return failure(415, 'JSON is needed');
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > LIMIT) return failure(413, 'The command is too long');
  }
  const problem = await obey(server, parse(text));
  return problem === undefined ? { status: 200, value: { ok: true } } : failure(400, problem);
}

function failure(status: number, error: string) {
  return { status, value: { error } };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Does what the command says; answers what is wrong with it. */
async function obey(server: GroupServer, command: unknown): Promise<string | undefined> {
  if (!isCommand(command)) return 'A JSON object with "do" is needed';
  switch (command.do) {
    case 'next':
    case 'always': {
      const fault = faultIn(command.fault);
      if (!fault) return 'No fault that the server knows';
      const { page, times } = command;
      if (page !== undefined && !isPage(page)) return `A page is one of ${pageNames.join(', ')}`;
      if (times !== undefined && typeof times !== 'number') return '"times" is a number';
      const where = page === undefined ? {} : { page };
      if (command.do === 'always') server.faults.always(fault, where);
      else server.faults.next(fault, times === undefined ? where : { ...where, times });
      return undefined;
    }
    case 'clear-faults':
      server.faults.clear();
      return undefined;
    case 'clear':
      server.clear();
      return undefined;
    case 'token':
      if (typeof command.token !== 'string') return '"token" is a string';
      server.token = command.token;
      return undefined;
    case 'offline':
      // Not awaited: the answer may have to leave through the connection that is to be closed.
      setImmediate(() => void server.offline());
      return undefined;
    case 'online':
      await server.online();
      return undefined;
    default:
      return '"do" is one of next, always, clear-faults, clear, token, offline, online';
  }
}

function isPage(value: unknown): value is Page {
  return pageNames.some((page) => page === value);
}

/** The properties that a command may have, of types yet unknown. */
interface Command {
  do?: unknown;
  fault?: unknown;
  page?: unknown;
  times?: unknown;
  token?: unknown;
}

function isCommand(value: unknown): value is Command {
  return typeof value === 'object' && value !== null;
}

function stateOf(server: GroupServer) {
  const told = <T extends { message?: StoredMessage }>(entry: T) => ({
    ...entry,
    ...(entry.message ? { message: { size: entry.message.size, sha256: entry.message.sha256 } } : {}),
  });
  return {
    url: server.url,
    isOnline: server.isOnline,
    groups: server.groups,
    requests: server.requests.map(told),
    posts: server.posts.map(told),
    duplicates: server.duplicates.map(told),
    relayed: server.relayed.map(told),
    bounces: server.bounces,
  };
}
