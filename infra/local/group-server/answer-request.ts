/**
 * One request to the reference GroupServer from its head to its answer: it is recorded, its form is read, the work is
 * done, and a fault may get in the way at three points. Never rejects.
 */
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, htmlAnswer, send } from './answer.ts';
import type { Fault } from './fault.ts';
import { formPage } from './form-page.ts';
import type { MessageStore } from './message-store.ts';
import { type Exchange, insteadOfWork, sendSpoilt, spoilBeforeBody } from './misbehave.ts';
import { type Page, pageAt, wrongToken } from './page.ts';
import { type ReadForm, readForm } from './read-form.ts';
import type { RecordedRequest } from './record.ts';
import { type Site, work } from './work.ts';

/** Answers the request; `takeFault` is asked once, as soon as the page is known. */
export async function answerRequest(
  site: Site,
  store: MessageStore,
  takeFault: (page: Page | undefined) => Fault | undefined,
  exchange: Exchange,
): Promise<void> {
  const { request, response } = exchange;
  const record = recordOf(request);
  site.requests.push(record);
  const page = pageAt(record.path);
  const fault = takeFault(page);
  try {
    if (fault && spoilBeforeBody(fault, exchange)) {
      if (fault.kind === 'early-answer') record.answeredStatus = fault.status;
      return;
    }
    const form = await readBody(request, page, store);
    if (!(form instanceof Error)) complete(record, form, site.token);

    const refuse = (labels: readonly string[]) => {
      record.refused = labels;
      return refusal(site, page ?? 'add', form instanceof Error ? '' : (form.fields.get('token') ?? ''), labels);
    };
    const instead = fault && insteadOfWork(fault, exchange, refuse);
    if (instead === 'lost') return;
    if (fault?.kind === 'delay') await sleep(fault.milliseconds, undefined, { signal: exchange.signal });
    const answer = instead ?? answerTo(site, page, form, record);
    if (request.socket.destroyed) return;
    // Before it is sent, so that a client that has the answer finds it in the record.
    record.answeredStatus = answer.status;
    if (!fault) send(response, answer);
    else if (!(await sendSpoilt(fault, exchange, answer))) record.answeredStatus = 'fault';
  } catch {
    // The client is gone, or the server is: nobody is left to tell.
    record.answeredStatus = 'fault';
    request.socket.destroy();
  }
}

function recordOf(request: IncomingMessage): RecordedRequest {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = [value].flat().join(', ');
  return {
    at: Date.now(),
    path: request.url ?? '',
    method: request.method ?? '',
    headers,
    fields: {},
    tokenOk: false,
    refused: [],
    answeredStatus: 'fault',
  };
}

/** The form; an error is a body that cannot be read as one (its message says why), throws when the client is gone. */
async function readBody(
  request: IncomingMessage,
  page: Page | undefined,
  store: MessageStore,
): Promise<ReadForm | Error> {
  const hasLength = request.headers['content-length'] !== undefined;
  if (request.method === 'POST' && page && hasLength) {
    try {
      return await readForm(request, store);
    } catch (error) {
      if (!request.complete) throw error;
      return error instanceof Error ? error : new Error(String(error));
    }
  }
  for await (const chunk of request) void chunk;
  if (request.method === 'POST' && !hasLength) return new LengthRequired('A request body needs a Content-Length');
  return { fields: new Map(), files: new Set(), repeated: new Set(), undecodable: false };
}

/** Zope on Python 2 cannot read a body of unknown length. */
class LengthRequired extends Error {}

function complete(record: RecordedRequest, form: ReadForm, token: string): void {
  record.fields = Object.fromEntries([...form.fields].filter(([name]) => name !== 'token' && name !== 'emailMessage'));
  record.tokenOk = form.fields.get('token') === token;
  if (form.message) record.message = form.message;
}

function answerTo(site: Site, page: Page | undefined, form: ReadForm | Error, record: RecordedRequest): Answer {
  if (form instanceof Error) return htmlAnswer('<h1>Bad request</h1>', form instanceof LengthRequired ? 411 : 400);
  if (!page) return htmlAnswer('<h1>Site Error</h1><p>Not found.</p>', 404);
  if (record.method === 'POST') return work(site, page, form, record);
  if (record.method !== 'GET' && record.method !== 'HEAD') return htmlAnswer('<h1>Method not allowed</h1>', 405);
  return htmlAnswer(formPage(page, site.generation, undefined));
}

/** The error page of a scripted refusal. */
function refusal(site: Site, page: Page, token: string, labels: readonly string[]): Answer {
  const refused = labels.map((label) => ({
    label,
    text: label === 'Token' ? wrongToken(token) : 'Required input is missing.',
  }));
  return htmlAnswer(formPage(page, site.generation, { refused }));
}
