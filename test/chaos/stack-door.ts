/**
 * The serverless door of a chaos run: the local stack with the built Lambda. It runs a copy of the bundle, so that a build
 * that happens meanwhile changes nothing.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartMessageMoveTaskCommand } from '@aws-sdk/client-sqs';
import { type Stack, startStack } from '../../infra/local/stack.ts';
import type { Door } from './door.ts';
import { groupServerIncidents } from './group-server-incidents.ts';
import { isSoon } from './soon.ts';
import { type StackTrouble, stackIncidents } from './stack-incidents.ts';
import { readStackLog } from './stack-log.ts';
import { stackManners } from './stack-manners.ts';
import { seeStack } from './stack-sightings.ts';

/** Seconds for one delivery: what hangs is over soon. */
const timeout = 8;

const minute = 60_000;

/** Starts the door. */
export async function openStackDoor(): Promise<Door> {
  const bundle = mkdtempSync(join(tmpdir(), 'smtp2gs-chaos-'));
  cpSync(new URL('../../dist/ses2gs', import.meta.url), bundle, { recursive: true });
  const stack = await startStack({
    bundle,
    sites: [{ keepMessages: 'digest' }],
    environment: { SMTP2GS_TIMEOUT_SECONDS: String(timeout) },
    timeoutSeconds: 90,
    maximumConcurrency: 4,
    // SES's limit of 1 is for one account; it only makes the run longer.
    bouncesPerSecond: 4,
  });
  const log = readStackLog(stack);
  const trouble: StackTrouble = { killed: new Map(), announcedAgain: new Set(), wentOffline: [] };
  return {
    name: 'stack',
    where: { host: '127.0.0.1', port: stack.smtpPort },
    senderDomain: (number) => `d${number % 97}.example.net`,
    incidents: [...groupServerIncidents(stack.groupServer, trouble.wentOffline), ...stackIncidents(stack, trouble)],
    backlog: () => {
      const now = stack.clock.now();
      const ready = stack.cloud.mailQueue.contents().filter(({ visibleAt }) => visibleAt <= now);
      return stack.ingress.waiting() + ready.length + stack.mapping.underWay().size;
    },
    calm: async () => {
      stack.groupServer.faults.clear();
      stack.faults.clear();
      await stack.groupServer.online();
      stack.mapping.enable();
    },
    drain: (say) => drain(stack, say),
    redrive: async () => {
      const { clients, parkQueue, mailQueue } = stack.cloud;
      await clients.sqs.send(
        new StartMessageMoveTaskCommand({ SourceArn: parkQueue.arn, DestinationArn: mailQueue.arn }),
      );
      if (!(await isSoon(() => stack.parked().length === 0, 60_000))) throw new Error('the parked mail does not move');
    },
    see: async (accepted) => await seeStack(stack, accepted, log, trouble),
    processes: () => stack.lambda.environments().map(({ pid }) => ({ what: 'function', pid })),
    manners: (send) => stackManners(stack, log, send),
    stop: async () => {
      log.stop();
      await stack.stop();
      rmSync(bundle, { recursive: true, force: true });
    },
  };
}

/** Turns the clock until nothing waits any more. */
async function drain(stack: Stack, say: (left: number) => void): Promise<void> {
  const patience = 300_000;
  for (let rounds = 0; ; rounds += 1) {
    await stack.settled(patience);
    const waiting = stack.queued();
    say(waiting.length);
    if (waiting.length === 0) return;
    if (rounds > 300) throw new Error(`${waiting.length} mails never leave the queue: ${JSON.stringify(waiting[0])}`);
    const next = Math.min(...waiting.map(({ nextAt }) => nextAt));
    stack.turnClock(Math.max(0, next - stack.clock.now()) + minute);
  }
}
