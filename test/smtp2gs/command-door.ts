/**
 * The door that mail systems use: the built command as a child process.
 */
import { type Door, mailOf } from '../run-scenario.ts';
import { configText, groupAddress, type Scenario } from '../scenarios.ts';
import type { Artefact, InstalledCommand } from './installed-command.ts';

/** Makes the door for an artefact; every delivery has a slot of its own. */
export function commandDoor(command: InstalledCommand, artefact: Artefact, asNobody: boolean): Door {
  return async (scenario, url) => {
    const envelope = scenario.envelope ?? { recipient: groupAddress };
    const config = command.newFile(scenario.config ?? configText, asNobody);
    const lockDir = command.newDirectory(asNobody);
    const result = await command.run(artefact, {
      args: [`--config=${config}`, `--lock-dir=${lockDir}`, ...optionsOf(scenario), url],
      input: mailOf(scenario),
      asNobody,
      ...(envelope.environmentRecipient === undefined
        ? {}
        : { environment: { ORIGINAL_RECIPIENT: envelope.environmentRecipient } }),
    });
    if (result.stdout !== '') throw new Error(`the command wrote to stdout: ${result.stdout}`);
    return { line: result.stderr, ...(result.exit === null ? {} : { exit: result.exit }) };
  };
}

function optionsOf(scenario: Scenario): string[] {
  const { recipient, sender, list } = scenario.envelope ?? { recipient: groupAddress };
  const options = {
    '--recipient': recipient,
    '--sender': sender,
    '--list': list,
    '--max-size': scenario.maxSize,
    '--timeout': scenario.timeout,
    '--time-source': scenario.timeSource,
  };
  return Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}
