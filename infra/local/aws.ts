/**
 * One HTTP endpoint for all emulated AWS services. A request says which service it means in its signature
 * (`Credential=…/region/SERVICE/aws4_request`); signatures are not verified, permissions are not known.
 * Only 127.0.0.1, and an unsigned request is refused, so that no web page can reach it from a browser.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { AwsError } from './aws/aws-error.ts';
import type { Fault, Faults } from './aws/faults.ts';
import type { AwsService } from './aws/wire.ts';
import { listen } from './listen.ts';

/** Region and account of everything in the local stack. */
export const region = 'us-east-1';
export const account = '000000000000';

/** What an SDK client in this process needs to reach the endpoint. */
export const clientConfig = (url: string) => ({
  endpoint: url,
  region,
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});

export interface AwsEndpoint {
  url: string;
  port: number;
  stop(): Promise<void>;
}

/** Starts the endpoint; `services` by the name they sign with. */
export async function startAws(options: {
  port?: number;
  faults: Faults;
  services: Record<string, AwsService>;
}): Promise<AwsEndpoint> {
  const { faults, services } = options;
  const server = createServer((request, response) => void serve(request, response));

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = /Credential=[^/]*\/\d+\/[^/]+\/([a-z0-9-]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const service = services[name];
    if (!service) {
      response.writeHead(name ? 501 : 403, { 'content-type': 'text/plain' });
      response.end(name ? `The local stack has no ${name}.` : 'The request is not signed.');
      return;
    }
    const enter = async (operation: string) => {
      const fault = faults.take(name, operation);
      if (fault) await meet(fault, response);
    };
    try {
      await service({ request, response, enter });
    } catch {
      request.socket.destroy();
    }
  }

  const { port, stop } = await listen(server, options.port);
  return { url: `http://127.0.0.1:${port}`, port, stop };
}

async function meet(fault: Fault, response: ServerResponse): Promise<void> {
  if (fault.delayMs) await delay(fault.delayMs);
  if (fault.code) throw new AwsError(fault.code, fault.message ?? 'a fault to order', fault.status);
  if (fault.cutAfter !== undefined) cutAfter(response, fault.cutAfter);
}

/** Lets so many bytes of the body through and then destroys the connection, as a network does. */
function cutAfter(response: ServerResponse, limit: number): void {
  const write = response.write.bind(response);
  let left = limit;
  const cut = (chunk: unknown): boolean => {
    const bytes = typeof chunk === 'string' || chunk instanceof Uint8Array ? Buffer.from(chunk) : Buffer.alloc(0);
    const through = bytes.subarray(0, left);
    left -= through.length;
    if (through.length === bytes.length && left > 0) return write(through);
    if (through.length > 0) write(through, () => response.destroy());
    else response.destroy();
    return false;
  };
  const end = (chunk?: unknown) => {
    cut(chunk);
    return response.destroy();
  };
  Object.assign(response, { write: cut, end });
}
