/**
 * A Lambda runtime client: asks the Runtime API (2018-06-01) for events, calls the handler, hands back what it answers.
 * Started as `node runtime-client.mjs` in the environment that Lambda gives. It ends when the API goes away or its
 * stdin is closed, so nothing is left behind when the stack is killed.
 */
import { Agent, request } from 'node:http';
import { pathToFileURL } from 'node:url';

const { AWS_LAMBDA_RUNTIME_API: api, LAMBDA_TASK_ROOT: root, _HANDLER: name = '' } = process.env;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
process.stdin.resume().on('close', () => process.exit(0));

/**
 * One call to the Runtime API. Not by fetch: it would give up the wait for the next event after five minutes.
 * @param {'GET' | 'POST'} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<{ headers: import('node:http').IncomingHttpHeaders, text: string }>}
 */
const call = (method, path, body) =>
  new Promise((resolve, reject) => {
    const outgoing = request(`http://${api}/2018-06-01/runtime/${path}`, { method, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ headers: response.headers, text }));
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });

/** @param {unknown} error */
const described = (error) =>
  error instanceof Error
    ? { errorType: error.name, errorMessage: error.message, trace: String(error.stack).split('\n') }
    : { errorType: 'Error', errorMessage: String(error), trace: [] };

/** @returns {Promise<(event: unknown, context: object) => unknown>} */
async function load() {
  const [file, entry = ''] = name.split('.');
  /** @type {unknown} */
  const module = await import(pathToFileURL(`${root}/${file}.mjs`).href);
  /** @type {unknown} */
  const handler = typeof module === 'object' && module !== null ? Reflect.get(module, entry) : undefined;
  if (typeof handler !== 'function')
    throw Object.assign(new Error(`${name} is undefined or not exported`), { name: 'Runtime.HandlerNotFound' });
  return (event, context) => handler(event, context);
}

async function run() {
  const handler = await load().catch(async (error) => {
    await call('POST', 'init/error', described(error));
    process.exit(1);
  });
  for (;;) {
    const { headers, text } = await call('GET', 'invocation/next');
    const header = (/** @type {string} */ field) => String(headers[`lambda-runtime-${field}`] ?? '');
    const id = header('aws-request-id');
    // The deadline is told on the stack's clock, which may be turned meanwhile: only the time that really passes counts.
    const remaining = Number(header('deadline-ms')) - Date.now();
    const begun = performance.now();
    process.env._X_AMZN_TRACE_ID = header('trace-id');
    const context = {
      functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
      functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
      memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
      logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
      logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
      invokedFunctionArn: header('invoked-function-arn'),
      awsRequestId: id,
      callbackWaitsForEmptyEventLoop: true,
      getRemainingTimeInMillis: () => Math.max(0, Math.floor(remaining - (performance.now() - begun))),
    };
    try {
      const result = await handler(JSON.parse(text), context);
      await call('POST', `invocation/${id}/response`, result ?? null);
    } catch (error) {
      await call('POST', `invocation/${id}/error`, described(error));
    }
  }
}

// The API has gone: so has the stack.
run().catch(() => process.exit(0));
