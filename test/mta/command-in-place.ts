/**
 * The built command as the mail system of a private place knows it: the folder into which it was installed for the
 * tests is shown in the place, its configuration is written there, and its processes can be found.
 */
import { chownSync, readdirSync, readFileSync } from 'node:fs';
import type { Artefact, InstalledCommand } from '../smtp2gs/installed-command.ts';
import type { PrivatePlace } from './private-place.ts';

/** Where {@link writeConfig} puts the configuration of the command. */
export const configFile = '/srv/smtp2gs/gsconfig.ini';

/** User and group id of `nobody`, as whom the mail system runs the command. */
const nobody = 65534;

/** What makePrivatePlace has to show. */
export function commandMounts(command: InstalledCommand): Record<string, string> {
  return { '/command': command.directory };
}

/** The program and its options, as a person would write them into the configuration of a mail system. */
export function commandWords(command: InstalledCommand, artefact: Artefact, options: readonly string[] = []): string {
  const program = command.words(artefact).map((word) => word.replace(command.directory, '/srv/command'));
  return [...program, `--config=${configFile}`, ...options].join(' ');
}

/** Writes the configuration so that nobody but the command's user can read it. */
export function writeConfig(place: PrivatePlace, text: string): void {
  place.write(configFile, text, 0o600);
  chownSync(place.path(configFile), nobody, nobody);
}

/** The numbers, in the place, of the processes of the command. */
export function commandsIn(place: PrivatePlace): string[] {
  return readdirSync(place.path('/proc')).filter((number) => /^\d+$/.test(number) && isCommand(place, number));
}

/** Sends a signal, such as `TERM`, to the command that runs. */
export async function signalCommand(place: PrivatePlace, signal: string): Promise<void> {
  const [number = ''] = commandsIn(place);
  await place.must(['sh', '-c', `kill -${signal} ${number}`]);
}

function isCommand(place: PrivatePlace, number: string): boolean {
  try {
    return readFileSync(place.path(`/proc/${number}/cmdline`), 'latin1').startsWith('/srv/command/');
  } catch {
    return false; // ended meanwhile
  }
}
