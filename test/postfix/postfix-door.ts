/**
 * The door that the scenarios take through Postfix: a private Postfix for each row, the mail by SMTP, and what came of
 * it read from the mail log. It checks by itself what only a mail system has: the queue, the bounce that goes to the
 * sender, and that no file stays behind.
 */
import { readdirSync } from 'node:fs';
import { expect } from 'vitest';
import { mailFor, optionsOf } from '../mta/scenario-by-mail.ts';
import { type DoorResult, runScenario } from '../run-scenario.ts';
import { configText, type Scenario } from '../scenarios.ts';
import { type InstalledWay, startWay } from './postfix-site.ts';
import type { Attempt, PrivatePostfix } from './private-postfix.ts';
import { until } from './until.ts';

/** Runs a row of the scenarios through a Postfix of its own. */
export async function throughPostfix(scenario: Scenario, way: InstalledWay): Promise<void> {
  let postfix: PrivatePostfix | undefined;
  let queueId = '';
  const results: DoorResult[] = [];
  try {
    await runScenario(scenario, async (_, url) => {
      if (postfix) await postfix.place.must(['postqueue', '-f']);
      else {
        postfix = await startWay(way, url, {
          options: optionsOf(scenario),
          config: scenario.config ?? configText,
          // Postfix tries again when the row says so, not by itself.
          settings: 'minimal_backoff_time = 300s\n',
        });
        queueId = await postfix.send(mailFor(scenario));
      }
      const attempt = await nthAttempt(postfix, queueId, results.length);
      await checkPostfix(postfix, queueId, attempt);
      const result = { line: lineOf(attempt) };
      results.push(result);
      return result;
    });
  } finally {
    await postfix?.stop();
  }
}

function nthAttempt(postfix: PrivatePostfix, queueId: string, index: number): Promise<Attempt> {
  return until(`attempt ${index + 1}`, () => postfix.attempts(queueId)[index], postfix.log);
}

/** What the command said, as far as Postfix tells; nothing on a silent success. */
function lineOf({ dsn, status, text }: Attempt): string {
  if (status !== 'sent') return `${dsn} ${text}`;
  return /\((2\.1\.5 .*)\)/.exec(text)?.[1] ?? '';
}

async function checkPostfix(postfix: PrivatePostfix, queueId: string, { dsn, status, text }: Attempt): Promise<void> {
  if (status === 'deferred') {
    expect(dsn).toMatch(/^4\./);
    expect(await postfix.queue()).toEqual([queueId]);
  } else {
    expect([status, dsn]).toEqual(status === 'sent' ? ['sent', '2.0.0'] : ['bounced', expect.stringMatching(/^5\./)]);
    await postfix.emptyQueue();
  }
  const [bounce = ''] = await postfix.returned(status === 'bounced' ? 1 : 0);
  if (status === 'bounced') {
    expect(bounce).toContain(`\nStatus: ${dsn}\n`);
    expect(bounce.replaceAll(/\s+/g, ' ')).toContain(text);
    expect(bounce).not.toMatch(/token|gsconfig|--config/i);
  } else expect(bounce).toBe('');
  expect(readdirSync(postfix.place.path('/var/tmp'))).toEqual([]);
}
