/**
 * The DynamoDB service: dynalite behind the common endpoint, which adds faults to order and the one operation that
 * dynalite lacks and a deployment uses (time to live; items do not expire here).
 */
import { once } from 'node:events';
import dynalite from 'dynalite';
import { AwsError } from './aws-error.ts';
import { field, requiredText } from './input.ts';
import { type AwsService, jsonService } from './wire.ts';

export interface DynamoDb {
  service: AwsService;
  stop(): Promise<void>;
}

/** Starts the service; `folder` keeps the tables, without it they are in memory. */
export function createDynamoDb(folder?: string): DynamoDb {
  const times = { createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 };
  const server = dynalite(folder === undefined ? times : { ...times, path: folder });
  const own = jsonService('1.0', {
    UpdateTimeToLive: (input) => ({ TimeToLiveSpecification: field(input, 'TimeToLiveSpecification') }),
    DescribeTimeToLive: (input) => ({
      TimeToLiveDescription: {
        TimeToLiveStatus: 'ENABLED',
        AttributeName: 'expiration',
        TableName: requiredText(input, 'TableName'),
      },
    }),
  });

  const service: AwsService = async (call) => {
    const operation = String(call.request.headers['x-amz-target']).split('.')[1] ?? '';
    if (operation.endsWith('TimeToLive')) return await own(call);
    try {
      await call.enter(operation);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      call.request.resume();
      const type = `com.amazonaws.dynamodb.v20120810#${error.code}`;
      call.response.writeHead(error.status, { 'content-type': 'application/x-amz-json-1.0' });
      call.response.end(JSON.stringify({ __type: type, message: error.message }));
      return;
    }
    // dynalite is an HTTP server that never listens: it is handed the requests that came to the common endpoint.
    server.emit('request', call.request, call.response);
  };
  const stop = async () => {
    // Its close() waits for the listener's, so it gets one for a moment.
    await once(server.listen(0, '127.0.0.1'), 'listening');
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { service, stop };
}
