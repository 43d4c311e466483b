import { describe, expect, it } from 'vitest';
import { failures, successes } from '../../functions/core/delivery-status.ts';
import { undiciTransport } from '../../functions/ses2gs/undici-transport.ts';
import { httpTransport } from '../../functions/smtp2gs/http-transport.ts';
import { runScenario } from '../run-scenario.ts';
import { scenarios, testedElsewhere } from '../scenarios.ts';
import { deliverDoor } from './deliver-door.ts';

describe.each([
  ['node:http', httpTransport({ insecure: false })],
  ['undici', undiciTransport()],
])('deliver() over %s', (_, post) => {
  const door = deliverDoor(post);
  it.concurrent.each(scenarios)('$title', async (scenario) => {
    await runScenario(scenario, door);
  });
});

describe('the list of scenarios', () => {
  it.each([...Object.keys(successes), ...Object.keys(failures)])('has a row for %s', (kind) => {
    const rows = scenarios.filter(({ expected }) => expected.kind === kind);
    expect(rows.length > 0 || kind in testedElsewhere).toBe(true);
  });

  it('has no title twice', () => {
    expect(new Set(scenarios.map(({ title }) => title)).size).toBe(scenarios.length);
  });
});
