/** The part of the Lambda API that pauses and resumes delivery: event source mappings, over REST with JSON bodies. */
import { json } from 'node:stream/consumers';
import type { EventSourceMapping } from '../event-source-mapping.ts';
import { AwsError } from './aws-error.ts';
import { field } from './input.ts';
import type { AwsService } from './wire.ts';

const root = '/2015-03-31/event-source-mappings';

/** Serves the mappings that exist when a call comes. */
export function lambdaService(
  mappings: () => EventSourceMapping[],
  { region, account }: { region: string; account: string },
): AwsService {
  const view = (mapping: EventSourceMapping) => ({
    UUID: mapping.uuid,
    BatchSize: mapping.batchSize,
    EventSourceArn: mapping.eventSourceArn,
    FunctionArn: `arn:aws:lambda:${region}:${account}:function:${mapping.functionName}`,
    State: mapping.enabled() ? 'Enabled' : 'Disabled',
    StateTransitionReason: 'USER_INITIATED',
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    ScalingConfig: { MaximumConcurrency: mapping.maximumConcurrency },
  });
  const find = (uuid: string) => {
    const mapping = mappings().find((candidate) => candidate.uuid === uuid);
    if (!mapping) throw new AwsError('ResourceNotFoundException', 'The resource you requested does not exist.', 404);
    return mapping;
  };

  return async ({ request, response, enter }) => {
    const reply = (status: number, body: object, headers: Record<string, string> = {}) =>
      void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    try {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
      const uuid = pathname.startsWith(`${root}/`) ? pathname.slice(root.length + 1).replace(/\/$/, '') : '';
      if (request.method === 'GET' && pathname.replace(/\/$/, '') === root) {
        await enter('ListEventSourceMappings');
        const name = searchParams.get('FunctionName')?.split(':').at(-1);
        const source = searchParams.get('EventSourceArn');
        const fits = (mapping: EventSourceMapping) =>
          (name === undefined || mapping.functionName === name) &&
          (source === null || mapping.eventSourceArn === source);
        reply(200, { EventSourceMappings: mappings().filter(fits).map(view) });
      } else if (request.method === 'GET' && uuid) {
        await enter('GetEventSourceMapping');
        reply(200, view(find(uuid)));
      } else if (request.method === 'PUT' && uuid) {
        await enter('UpdateEventSourceMapping');
        const enabled = field(await json(request), 'Enabled');
        const mapping = find(uuid);
        if (enabled === true) mapping.enable();
        if (enabled === false) mapping.disable();
        reply(202, view(mapping));
      } else throw new AwsError('NotImplemented', `the local stack has no ${request.method} ${pathname}`, 501);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      reply(error.status, { Type: 'User', message: error.message }, { 'x-amzn-errortype': error.code });
    }
  };
}
