/**
 * The whole chain on one machine: SMTP in, SES, S3, SNS, SQS, the built bundle behind a Runtime API, DynamoDB, and a
 * reference GroupServer for every site. `npm start`, the demo and the end-to-end tests all use this one function.
 * Everything listens on 127.0.0.1 only; nothing is left behind when it stops, and no process when it is killed.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Faults } from './aws/faults.ts';
import type { SentBounce } from './aws/ses-send-bounce.ts';
import type { QueuedMessage } from './aws/sqs-queue.ts';
import { region } from './aws.ts';
import { type Clock, createClock } from './clock.ts';
import { type Cloud, startCloud } from './cloud.ts';
import { names } from './deployed-stack.ts';
import { type EventSourceMapping, startEventSourceMapping } from './event-source-mapping.ts';
import { functionEnvironment } from './function-environment.ts';
import { createFunctionLog, type FunctionLog } from './function-log.ts';
import type { GroupServer } from './group-server/group-server.ts';
import { keepMemory } from './group-server-memory.ts';
import { createLambdaFunction, type LambdaFunction } from './lambda-function.ts';
import { readLedger } from './ledger-items.ts';
import { type Mail, sendMail } from './mail-client.ts';
import { type QuarantinedMail, quarantinedMail } from './quarantined-mail.ts';
import { type QueuedMail, queuedMail, stateOf } from './queued-mail.ts';
import { type Ingress, startIngress } from './ses-ingress.ts';
import { configText, type Site, sitesVariable, startSites } from './sites.ts';
import type { StackOptions } from './stack-options.ts';
import { openStateFolder } from './state-folder.ts';

export type { StackOptions };

export interface Stack {
  /** Where the state is. */
  folder: string;
  smtpPort: number;
  /** The endpoint of every emulated AWS service. */
  awsUrl: string;
  clock: Clock;
  cloud: Cloud;
  faults: Faults;
  ingress: Ingress;
  sites: Site[];
  /** The GroupServer of the first site. */
  groupServer: GroupServer;
  mapping: EventSourceMapping;
  lambda: LambdaFunction;
  log: FunctionLog;
  /** Sends a mail by SMTP; answers SES's message id, rejects when it is refused. */
  send: (mail: Mail) => Promise<string>;
  /** What is in the mail queue, oldest first. */
  queued: () => QueuedMail[];
  /** What was parked, oldest first. */
  parked: () => QueuedMail[];
  quarantined: () => QuarantinedMail[];
  bounces: () => readonly SentBounce[];
  /** The items of the ledger. */
  ledger: () => Promise<Record<string, unknown>[]>;
  /** Changes the text of the function's configuration, in SSM and Secrets Manager. */
  setConfig: (text: string) => void;
  turnClock: (ms: number) => void;
  /** Kills the function's processes, whatever they are doing. */
  killLambda: () => void;
  /** Resolves when nothing moves any more: what is queued waits for its time. Rejects after so many ms (30 000). */
  settled: (patienceMs?: number) => Promise<void>;
  stop: () => Promise<void>;
}

const builtBundle = fileURLToPath(new URL('../../dist/ses2gs', import.meta.url));

/** Starts the stack. Rejects when the bundle is not built, a port is taken or the kept folder is in use. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const bundle = options.bundle ?? builtBundle;
  if (!existsSync(bundle)) throw new Error(`There is no bundle in ${bundle}: run "npm run build" first.`);
  const state = openStateFolder(options.keep);
  const folder = state.path;
  const closing: (() => unknown)[] = [() => state.release()];
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= closeAll(closing);
    return stopping;
  };

  try {
    const clock = createClock(join(folder, 'clock'));
    const sites = await startSites(options.sites ?? [{}]);
    closing.push(
      ...sites.map(
        ({ server }) =>
          () =>
            server.stop(),
      ),
    );
    const [{ server: groupServer } = { server: undefined }] = sites;
    if (!groupServer) throw new Error('a stack needs a site');
    const memories = sites.map(({ server }, index) => keepMemory(server, join(folder, `group-server-${index}`)));
    let saving = Promise.resolve();
    const remember = () => {
      if (state.keep)
        saving = saving.then(async () => void (await Promise.all(memories.map((memory) => memory.save()))));
      return saving;
    };
    closing.push(remember);

    const mappings: EventSourceMapping[] = [];
    const cloud = await startCloud({
      clock,
      folder,
      keep: state.keep,
      domains: sites.flatMap(({ domains }) => domains),
      config: configText(sites),
      sites: sitesVariable(sites),
      mappings: () => mappings,
      ...(options.awsPort !== undefined && { port: options.awsPort }),
      ...(options.bouncesPerSecond !== undefined && { bouncesPerSecond: options.bouncesPerSecond }),
    });
    closing.push(() => cloud.stop());

    const log = createFunctionLog(clock.now);
    const lambda = createLambdaFunction({
      taskRoot: bundle,
      handler: options.handler ?? 'index.handler',
      functionName: names.functionName,
      environment: { ...functionEnvironment(cloud, sites, options.configIn ?? 'parameter'), ...options.environment },
      memoryMiB: options.memoryMiB ?? 512,
      timeoutSeconds: options.timeoutSeconds ?? 180,
      clockFile: clock.file,
      now: clock.now,
      onLine: (line) => log.add(line),
      ...(options.runtimeClient && { command: options.runtimeClient }),
    });
    const mapping = startEventSourceMapping({
      sqs: cloud.clients.sqs,
      queueUrl: cloud.queueUrl(cloud.mailQueue),
      queueArn: cloud.mailQueue.arn,
      functionName: names.functionName,
      region,
      invoke: (event) => lambda.invoke(event).finally(() => void remember()),
      ...(options.batchSize !== undefined && { batchSize: options.batchSize }),
      ...(options.maximumConcurrency !== undefined && { maximumConcurrency: options.maximumConcurrency }),
      enabled: !options.paused,
    });
    mappings.push(mapping);
    closing.push(async () => {
      mapping.disable();
      // A little patience, so that an orderly end leaves no message in flight for a quarter of an hour.
      for (let waited = 0; waited < 2000 && mapping.underWay().size > 0; waited += 50) await delay(50);
      await lambda.stop();
      await mapping.stop();
    });

    const ingress = await startIngress({
      spool: join(folder, 'spool'),
      clock,
      ses: cloud.ses,
      region,
      targets: { ...cloud.clients, clock },
      ...(options.smtpPort !== undefined && { port: options.smtpPort }),
    });
    closing.push(() => ingress.stop());

    const queued = () => queuedMail(cloud.mailQueue, clock.now(), mapping.underWay());
    return {
      folder,
      smtpPort: ingress.port,
      awsUrl: cloud.url,
      clock,
      cloud,
      faults: cloud.faults,
      ingress,
      sites,
      groupServer,
      mapping,
      lambda,
      log,
      send: (mail) => sendMail(ingress.port, mail),
      queued,
      parked: () => queuedMail(cloud.parkQueue, clock.now(), new Set()),
      quarantined: () => quarantinedMail(cloud.s3, names.bucket),
      bounces: () => cloud.ses.bounces(),
      ledger: () => readLedger(cloud.clients.dynamodb, names.table),
      setConfig: (text) => {
        cloud.parameters.set(names.configParameter, { type: 'SecureString', value: text, version: 2 });
        cloud.secrets.set(names.configSecret, text);
      },
      turnClock: (ms) => clock.turn(ms),
      killLambda: () => lambda.kill(),
      settled: async (patienceMs = 30_000) => {
        const moves = (message: QueuedMessage) => {
          const standing = stateOf(message, cloud.mailQueue, clock.now(), mapping.underWay());
          // While delivery is paused, what is ready stays where it is.
          return standing === 'in flight' || (standing === 'ready' && mapping.enabled());
        };
        const busy = () => ingress.waiting() > 0 || cloud.mailQueue.contents().some(moves);
        const deadline = performance.now() + patienceMs;
        while (busy()) {
          if (performance.now() > deadline)
            throw new Error(`mail still moves after ${patienceMs} ms: ${JSON.stringify(queued())}`);
          await delay(20);
        }
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Closes the parts in the opposite order of their start. */
async function closeAll(closing: (() => unknown)[]): Promise<void> {
  for (const close of closing.reverse()) await close();
}
