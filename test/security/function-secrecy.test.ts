/**
 * The token is in nothing that the Lambda shows: the built bundle in a process of its own, in the local stack, with
 * everything that ends there: environment, log, metrics, bounces, parked messages, ledger, quarantine.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fault } from '../../infra/local/group-server/group-server.ts';
import { type Stack, startStack } from '../../infra/local/stack.ts';
import { token } from '../scenarios.ts';
import { descendants, shownOf } from './processes.ts';

const group = 'example_group@groups.example.com';
const mail = (to: string | string[], from = 'ada@example.com') => ({ from, to, subject: 'Tea', text: 'Is there any?' });

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ environment: { SMTP2GS_EXPIRY_ACTION: 'bounce' } });
});
afterAll(() => stack.stop());

/** Everything that somebody may see who may not see the token. */
async function shown(): Promise<Record<string, string>> {
  const lambdas = descendants(process.pid).map(shownOf);
  return {
    processes: lambdas.join('\n'),
    lines: JSON.stringify(stack.log.lines()),
    metrics: JSON.stringify(stack.log.metrics()),
    bounces: JSON.stringify(stack.bounces()),
    queued: JSON.stringify([stack.queued(), stack.parked()]),
    quarantine: JSON.stringify(stack.quarantined()),
    ledger: JSON.stringify(await stack.ledger()),
  };
}

const faults: Fault[] = [
  { kind: 'refused-form', labels: ['Token'] },
  { kind: 'status', status: 500, body: token, headers: { 'x-token': token } },
  { kind: 'body', body: JSON.stringify({ groupId: `${token} ` }) },
  { kind: 'redirect', status: 307, location: `http://${token}@other.example/${token}` },
  { kind: 'garbage', bytes: `${token}\r\n\r\n` },
];

describe('the token', () => {
  it('is in nothing that the function shows, however its mail ends', async () => {
    await stack.send(mail([group, 'nobody@groups.example.com', 'p-ada@groups.example.com']));
    await stack.send(mail(group, 'spam@example.com'));
    await stack.settled();
    for (const fault of faults) {
      stack.groupServer.faults.always(fault);
      await stack.send(mail('second_group@groups.example.com'));
      await stack.settled();
    }
    stack.groupServer.faults.clear();
    // The text of the configuration is kept for five minutes.
    stack.turnClock(10 * 60_000);
    stack.setConfig(`[config-default]\nwebservice = default\n  [webservice-default]\n  token = ${token}\n`);
    await stack.send(mail('third_group@groups.example.com'));
    await stack.settled();
    stack.turnClock(22 * 3_600_000);
    await stack.settled();

    const all = await shown();
    expect(all['processes']).toContain('SMTP2GS_BUCKET');
    expect(all['lines']).toMatch(/delivered.*deferred/s);
    expect(stack.bounces()).toHaveLength(1);
    expect(stack.parked().length).toBeGreaterThan(3);
    expect(stack.groupServer.posts).toHaveLength(1);
    for (const [what, text] of Object.entries(all)) expect([what, text.includes(token)]).toEqual([what, false]);
  });
});
