import { afterAll, describe, it } from 'vitest';
import { runScenario } from '../run-scenario.ts';
import { type Scenario, scenarios } from '../scenarios.ts';
import { type Artefact, installCommand } from './installed-command.ts';
import { lmtpDoor, lmtpRow, whyNot } from './lmtp-door.ts';

const command = installCommand();
afterAll(() => command.remove());

const rows = scenarios.filter((scenario) => whyNot(scenario) === undefined);

/** Each row has a process of its own, which takes the CommonJS file much longer to start: it runs one row of each kind. */
const firstOfEachKind = rows.filter(({ expected }, index) => {
  return rows.findIndex((row) => row.expected.kind === expected.kind) === index;
});
const rowsOf: readonly [Artefact, readonly Scenario[]][] = [
  ['smtp2gs', rows],
  ['smtp2gs.cjs', firstOfEachKind],
];

describe.each(rowsOf)('LMTP by the built %s', (artefact, scenariosOfIt) => {
  it.concurrent.each(scenariosOfIt)('$title', async (scenario) => {
    await runScenario(lmtpRow(scenario), lmtpDoor(command, artefact));
  });
});
