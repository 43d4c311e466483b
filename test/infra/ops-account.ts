/**
 * An AWS account with a deployed stack in it, for the tests of the operator scripts: the emulated services of the local
 * stack without its function, and a Lambda API that takes its time as AWS's does.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { type Clock, createClock } from '../../infra/local/clock.ts';
import { type Cloud, startCloud } from '../../infra/local/cloud.ts';
import { names } from '../../infra/local/deployed-stack.ts';
import { listen } from '../../infra/local/listen.ts';
import { type Arrival, notification, prependedHeader } from '../../infra/local/ses-notification.ts';
import { environmentOf } from './ops-run.ts';

export const messageIds = ['a1', 'b2', 'c3'].map((id) => id.repeat(20));
export const group = 'example_group@groups.example.com';
const pass = { spam: 'PASS', virus: 'PASS', spf: 'PASS', dkim: 'PASS', dmarc: 'PASS' } as const;

export interface LambdaApi {
  readonly url: string;
  /** What it answers, in turn; the last one stays. `InUse` refuses the first changes. */
  states: string[];
  inUse: number;
  /** Changes that were made. */
  readonly changes: unknown[];
  /** What GetFunctionConfiguration answers. */
  configuration: object;
  mapping: object;
  stop(): Promise<void>;
}

export interface Account {
  readonly cloud: Cloud;
  readonly clock: Clock;
  readonly lambda: LambdaApi;
  /** The environment of a script. */
  readonly env: Record<string, string>;
  /** Stores a mail as SES does, without announcing it. */
  store(arrival: Partial<Arrival>, header?: string): Promise<Arrival>;
  /** What SES would have announced. */
  announced(arrival: Arrival): object;
  stop(): Promise<void>;
}

export async function openAccount(
  options: { domains?: string[]; sites?: string; config?: string } = {},
): Promise<Account> {
  const folder = mkdtempSync(join(tmpdir(), 'smtp2gs-ops-'));
  const clock = createClock(join(folder, 'clock'));
  const lambda = await startLambdaApi();
  const { domains = ['groups.example.com'], sites = '{}', config = '' } = options;
  const cloud = await startCloud({ clock, folder, keep: false, domains, sites, config });
  const [rule] = cloud.ses.rules.sets.get(names.ruleSet) ?? [];
  if (!rule) throw new Error('the emulated account has no receipt rule');
  return {
    cloud,
    clock,
    lambda,
    env: { ...environmentOf(cloud.url), AWS_ENDPOINT_URL_LAMBDA: lambda.url },
    async store(more, header = `To: ${group}\r\nSubject: Tea\r\n`) {
      const arrival: Arrival = {
        messageId: messageIds[0] ?? '',
        source: 'ada@example.com',
        recipients: [group],
        timestamp: clock.now(),
        verdicts: pass,
        helo: 'mx.example.com',
        client: '192.0.2.1',
        region: 'us-east-1',
        ...more,
      };
      const Key = `${names.prefix}${arrival.messageId}`;
      const Body = `${prependedHeader(arrival)}${header}\r\nIs there any tea?\r\n`;
      await cloud.clients.s3.send(new PutObjectCommand({ Bucket: names.bucket, Key, Body }));
      return arrival;
    },
    announced: (arrival) => notification({ ...arrival, header: '' }, arrival.recipients, rule),
    async stop() {
      await cloud.stop();
      await lambda.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The three calls that the scripts make; a change shows only after some calls. */
async function startLambdaApi(): Promise<LambdaApi> {
  const changes: unknown[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const reply = (status: number, body: object, headers = {}) =>
      void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    const change = await text(request);
    if (request.url?.endsWith('/configuration')) return reply(200, api.configuration);
    if (request.method === 'PUT') {
      if (api.inUse > 0) {
        api.inUse -= 1;
        return reply(
          400,
          { message: 'The event source mapping is being changed.' },
          { 'x-amzn-errortype': 'ResourceInUseException' },
        );
      }
      changes.push(JSON.parse(change));
      return reply(202, { State: 'Updating' });
    }
    const State = api.states.length > 1 ? api.states.shift() : api.states[0];
    reply(200, { FunctionResponseTypes: ['ReportBatchItemFailures'], State, ...api.mapping });
  };
  const server = createServer((request, response) => void serve(request, response));
  const { port, stop } = await listen(server);
  const configuration = { State: 'Active', LastUpdateStatus: 'Successful', Timeout: 180, Runtime: 'nodejs24.x' };
  const api: LambdaApi = {
    url: `http://127.0.0.1:${port}`,
    states: ['Enabled'],
    inUse: 0,
    changes,
    configuration,
    mapping: {},
    stop,
  };
  return api;
}
