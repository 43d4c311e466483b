/**
 * The list of scenarios as Postfix sees it: every row that can come by mail, with the standalone through pipe(8) and
 * through local(8).
 */
import { afterAll, beforeAll, describe, test } from 'vitest';
import { suiteNeeds } from '../required-suite.ts';
import { scenarios } from '../scenarios.ts';
import { type InstalledCommand, installCommand } from '../smtp2gs/installed-command.ts';
import { throughPostfix, whyNot } from './postfix-door.ts';
import { ways } from './postfix-site.ts';

describe.runIf(suiteNeeds('postfix', { asRoot: true }))('Postfix', () => {
  let command: InstalledCommand;
  beforeAll(() => {
    command = installCommand();
  });
  afterAll(() => command.remove());

  for (const way of ways.filter(({ artefact }) => artefact === 'smtp2gs')) {
    const rows = scenarios.filter((scenario) => whyNot(scenario, way.snippet) === undefined);
    describe(`through ${way.name}`, () => {
      test.concurrent.each(rows)('$title', (scenario) => throughPostfix(scenario, { ...way, command }));
    });
  }
});
