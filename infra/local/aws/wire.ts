/**
 * The two wire protocols that most AWS services speak: JSON (operation in `x-amz-target`) and query (a form in, XML out).
 * A service is a table of operations; unknown operations are answered as errors, never ignored.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { AwsError } from './aws-error.ts';
import { type XmlObject, xml } from './xml.ts';

/** One request to one service. */
export interface Call {
  request: IncomingMessage;
  response: ServerResponse;
  /** Says which operation it is; waits or throws when a fault was ordered for it. Call it before anything is done. */
  enter: (operation: string) => Promise<void>;
}

/** Serves one request, errors included; what it throws is answered as a lost connection. */
export type AwsService = (call: Call) => Promise<void>;

const asAwsError = (error: unknown) =>
  error instanceof AwsError ? error : new AwsError('InternalFailure', String(error), 500);

/** Serves a table of operations over the JSON protocol. */
export function jsonService(
  version: '1.0' | '1.1',
  operations: Record<string, (input: unknown, call: Call) => object | Promise<object>>,
): AwsService {
  return async (call) => {
    const reply = (status: number, body: object, headers: Record<string, string> = {}) => {
      call.response.writeHead(status, { 'content-type': `application/x-amz-json-${version}`, ...headers });
      call.response.end(JSON.stringify(body));
    };
    try {
      const name = String(call.request.headers['x-amz-target']).split('.')[1] ?? '';
      const text = (await buffer(call.request)).toString();
      const operation = operations[name];
      if (!operation) throw new AwsError('UnknownOperationException', `the local stack has no ${name}`);
      await call.enter(name);
      const input: unknown = JSON.parse(text || '{}');
      reply(200, await operation(input, call));
    } catch (error) {
      const { code, message, status } = asAwsError(error);
      reply(status, { __type: code, message }, { 'x-amzn-errortype': code });
    }
  };
}

/** Serves a table of operations over the query protocol; each answers with what goes into its `…Result` element. */
export function queryService(
  namespace: string,
  operations: Record<string, (form: URLSearchParams) => XmlObject | Promise<XmlObject>>,
): AwsService {
  return async (call) => {
    const reply = (status: number, body: string) => {
      call.response.writeHead(status, { 'content-type': 'text/xml' });
      call.response.end(body);
    };
    const metadata = { RequestId: 'local' };
    try {
      const form = new URLSearchParams((await buffer(call.request)).toString());
      const name = form.get('Action') ?? '';
      const operation = operations[name];
      if (!operation) throw new AwsError('InvalidAction', `the local stack has no ${name}`);
      await call.enter(name);
      const result = await operation(form);
      const answer = { [`${name}Result`]: result, ResponseMetadata: metadata };
      reply(200, xml({ [`${name}Response`]: answer }, namespace));
    } catch (error) {
      const { code, message, status } = asAwsError(error);
      const answer = {
        Error: { Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message },
        ...metadata,
      };
      reply(status, xml({ ErrorResponse: answer }, namespace));
    }
  };
}

/** The list `name.member.1`, `name.member.2` … (or `.entry.`) of a query form, each as the form of what stands below it. */
export function members(form: URLSearchParams, name: string, word: 'member' | 'entry' = 'member'): URLSearchParams[] {
  const found: URLSearchParams[] = [];
  for (let index = 1; ; index += 1) {
    const prefix = `${name}.${word}.${index}`;
    const below = [...form].filter(([key]) => key === prefix || key.startsWith(`${prefix}.`));
    if (below.length === 0) return found;
    const entry = new URLSearchParams();
    for (const [key, value] of below) entry.append(key.slice(prefix.length + 1), value);
    found.push(entry);
  }
}
