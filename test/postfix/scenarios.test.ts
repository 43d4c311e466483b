/**
 * The list of scenarios as Postfix sees it: every row that can come by mail, with the standalone through pipe(8) and
 * through local(8).
 */
import { afterAll, beforeAll, describe, test } from 'vitest';
import { whyNot } from '../mta/scenario-by-mail.ts';
import { suiteNeeds } from '../required-suite.ts';
import { type Scenario, scenarios } from '../scenarios.ts';
import { type InstalledCommand, installCommand } from '../smtp2gs/installed-command.ts';
import { throughPostfix } from './postfix-door.ts';
import { ways } from './postfix-site.ts';
import type { Snippet } from './private-postfix.ts';

describe.runIf(suiteNeeds('postfix', { asRoot: true }))('Postfix', () => {
  let command: InstalledCommand;
  beforeAll(() => {
    command = installCommand();
  });
  afterAll(() => command.remove());

  for (const way of ways.filter(({ artefact }) => artefact === 'smtp2gs')) {
    const rows = scenarios.filter((scenario) => whyNot(scenario) === undefined && !isSilent(way.snippet, scenario));
    describe(`through ${way.name}`, () => {
      test.concurrent.each(rows)('$title', (scenario) => throughPostfix(scenario, { ...way, command }));
    });
  }
});

/** local(8) does not log what the command says when it succeeds; messages.test.ts looks at what was recorded. */
function isSilent(snippet: Snippet, { expected }: Scenario): boolean {
  return snippet === 'postfix-aliases' && expected.kind === 'bounce-recorded';
}
