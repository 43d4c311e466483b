/**
 * The Lambda Runtime API (2018-06-01) for one runtime process: holds its request for the next event until there is
 * one, and takes the answer or the error. Knows no process; who runs it says when it has died.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { account, region } from './aws.ts';
import { listen } from './listen.ts';

/** How an event ended: what the handler returned, or how it failed, as Lambda reports it. */
export interface Outcome {
  payload?: unknown;
  functionError?: { errorType: string; errorMessage: string };
}

export interface RuntimeApi {
  /** `host:port`, as AWS_LAMBDA_RUNTIME_API has it. */
  readonly address: string;
  /** Resolves when the runtime asks for its first event, rejects when it reports that it cannot start. */
  readonly ready: Promise<void>;
  /** Hands over one event, with the time in ms that it has; one after the other. */
  give(event: unknown, deadlineMs: number): { requestId: string; outcome: Promise<Outcome> };
  /** The process has ended: so have its start and the event that it was working on. */
  died(error: { errorType: string; errorMessage: string }): void;
  stop(): Promise<void>;
}

/** Starts the API for a function of that name. */
export async function startRuntimeApi(functionName: string): Promise<RuntimeApi> {
  const ready = Promise.withResolvers<void>();
  let asking: ServerResponse | undefined;
  let waiting: ((response: ServerResponse) => void) | undefined;
  let current: { requestId: string; end: (outcome: Outcome) => void } | undefined;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, id, kind] =
      /^\/2018-06-01\/runtime\/(?:invocation\/)?(?:([^/]+)\/)?(next|response|error)$/.exec(request.url ?? '') ?? [];
    if (kind === 'next') {
      ready.resolve();
      if (waiting) waiting(response);
      else asking = response;
      return;
    }
    const body: unknown = JSON.parse((await text(request)) || 'null');
    response.writeHead(kind ? 202 : 404, { 'content-type': 'application/json' }).end('{"status":"OK"}');
    if (id === 'init') ready.reject(new Error(`the bundle could not be loaded: ${JSON.stringify(body)}`));
    else if (current?.requestId === id)
      current?.end(kind === 'response' ? { payload: body } : { functionError: functionError(body) });
  }

  const server = createServer(
    (request, response) => void serve(request, response).catch(() => request.socket.destroy()),
  );
  server.requestTimeout = 0;
  const { port, stop } = await listen(server);
  return {
    address: `127.0.0.1:${port}`,
    ready: ready.promise,
    give: (event, deadlineMs) => {
      const requestId = randomUUID();
      const ended = Promise.withResolvers<Outcome>();
      current = { requestId, end: ended.resolve };
      const send = (response: ServerResponse) => {
        asking = undefined;
        waiting = undefined;
        response.writeHead(200, {
          'content-type': 'application/json',
          'lambda-runtime-aws-request-id': requestId,
          'lambda-runtime-deadline-ms': String(deadlineMs),
          'lambda-runtime-invoked-function-arn': `arn:aws:lambda:${region}:${account}:function:${functionName}`,
          'lambda-runtime-trace-id': 'Root=1-00000000-000000000000000000000000;Sampled=0',
        });
        response.end(JSON.stringify(event));
      };
      if (asking) send(asking);
      else waiting = send;
      return { requestId, outcome: ended.promise };
    },
    died: (error) => {
      ready.reject(new Error(error.errorMessage));
      current?.end({ functionError: error });
    },
    stop,
  };
}

function functionError(body: unknown): { errorType: string; errorMessage: string } {
  const part = (name: string) => String(typeof body === 'object' && body !== null ? Reflect.get(body, name) : '');
  return { errorType: part('errorType'), errorMessage: part('errorMessage') };
}
