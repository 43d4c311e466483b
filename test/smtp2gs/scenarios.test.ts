import { afterAll, describe, it } from 'vitest';
import { runScenario } from '../run-scenario.ts';
import { scenarios } from '../scenarios.ts';
import { commandDoor } from './command-door.ts';
import { artefacts, canChangeUser, installCommand } from './installed-command.ts';

const command = installCommand();
afterAll(() => command.remove());

const users = canChangeUser ? [false, true] : [false];

for (const artefact of artefacts) {
  for (const asNobody of users) {
    describe(`the built ${artefact}, run as ${asNobody ? 'an unprivileged user' : 'the user of the tests'}`, () => {
      it.concurrent.each(scenarios)('$title', async (scenario) => {
        await runScenario(scenario, commandDoor(command, artefact, asNobody));
      });
    });
  }
}
