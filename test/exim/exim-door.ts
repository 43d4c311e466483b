/**
 * The door that the scenarios take through Exim: a private Exim for each row, the mail by SMTP, and what came of it read
 * from the mail log, into which Exim writes the exit status that it saw and the first line that the command said.
 */
import { expect } from 'vitest';
import { commandMounts, commandWords, writeConfig } from '../postfix/command-in-place.ts';
import { mailFor, optionsOf } from '../postfix/scenario-by-mail.ts';
import { until } from '../postfix/until.ts';
import { runScenario } from '../run-scenario.ts';
import { configText, type Scenario } from '../scenarios.ts';
import type { Artefact, InstalledCommand } from '../smtp2gs/installed-command.ts';
import { type EximOutcome, startExim } from './private-exim.ts';

/** By the first digit of what the command says; a plain success is silent. */
const outcomeByClass: Record<string, EximOutcome> = { '': 'delivered', 2: 'delivered', 4: 'deferred', 5: 'bounced' };

/** Runs a row of the scenarios through an Exim of its own. */
export async function throughExim(scenario: Scenario, command: InstalledCommand, artefact: Artefact): Promise<void> {
  await runScenario(scenario, async (_, url) => {
    const exim = await startExim({
      PROGRAM: commandWords(command, artefact, optionsOf(scenario)),
      URL: url,
      mounts: commandMounts(command),
      retryAfter: '1h',
    });
    try {
      writeConfig(exim.place, scenario.config ?? configText);
      const id = await exim.send(mailFor(scenario));
      const outcome = await until('an outcome', () => exim.outcomes(id)[0], exim.log);
      const line = /transport output: (.*)/.exec(exim.log())?.[1]?.trim() ?? '';
      const exit = Number(/transport returned (\d+) /.exec(exim.log())?.[1] ?? 0);
      expect(outcome).toBe(outcomeByClass[line.slice(0, 1)]);
      if (outcome === 'bounced') {
        const bounce = await until('the bounce', () => exim.returned(), exim.log);
        expect(bounce).toContain(`\n${line}`);
        expect(bounce).not.toMatch(/token|gsconfig|--config/i);
      } else expect(exim.returned()).toBe('');
      return { line, exit };
    } finally {
      await exim.stop();
    }
  });
}
