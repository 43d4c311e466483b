/**
 * The door that the scenarios take through a mail system that sees exit statuses only: a private one for each row, the
 * mail by SMTP, and what came of it read from the mail log.
 */
import { expect } from 'vitest';
import { until } from '../postfix/until.ts';
import { runScenario } from '../run-scenario.ts';
import { configText, type Scenario } from '../scenarios.ts';
import type { Artefact, InstalledCommand } from '../smtp2gs/installed-command.ts';
import { commandMounts, commandWords, writeConfig } from './command-in-place.ts';
import type { MailSystem, MailSystemOptions, Outcome } from './mail-system.ts';
import { completeMail, mailFor, optionsOf } from './scenario-by-mail.ts';

/** By the first digit of what the command says; a plain success is silent. */
const outcomeByClass: Record<string, Outcome> = { '': 'delivered', 2: 'delivered', 4: 'deferred', 5: 'bounced' };

/** Runs a row of the scenarios through a mail system of its own. */
export async function throughMailSystem(
  scenario: Scenario,
  command: InstalledCommand,
  artefact: Artefact,
  start: (options: MailSystemOptions) => Promise<MailSystem>,
): Promise<void> {
  const row = { ...scenario, mail: scenario.mail ?? completeMail };
  await runScenario(row, async (_, url) => {
    const PROGRAM = commandWords(command, artefact, optionsOf(row));
    const system = await start({ PROGRAM, URL: url, mounts: commandMounts(command), triesOnce: true });
    try {
      writeConfig(system.place, row.config ?? configText);
      const id = await system.send(mailFor(row));
      const outcome = await until('an outcome', () => system.outcomes(id)[0], system.log);
      const { line, ...rest } = system.said();
      expect(outcome).toBe(outcomeByClass[line.slice(0, 1)]);
      if (outcome === 'bounced') {
        const bounce = await until('the bounce', () => system.returned(), system.log);
        expect(bounce.replaceAll(/\s+/g, ' ')).toContain(line);
        expect(bounce).not.toMatch(/token|gsconfig|--config/i);
      } else expect(system.returned()).toBe('');
      return { line, ...rest };
    } finally {
      await system.stop();
    }
  });
}
