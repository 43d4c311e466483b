/**
 * Answers that would exhaust memory or time: whoever asks, by either transport, gives up within its deadline, keeps the
 * mail, and has never held much.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { configText, groupAddress, plainMail } from '../scenarios.ts';
import { type Artefact, artefacts, installCommand } from '../smtp2gs/installed-command.ts';
import { startWrongServer, wrongAnswers } from './wrong-answers.ts';

const command = installCommand();
afterAll(() => command.remove());

/** MiB. The run times alone hold 50 to 110; at the speed of a loopback, a second of such an answer is a thousand. */
const memoryLimit = 256;

/** Seconds. */
const deadline = 2;

/** GNU time, which writes the most memory that a program has held, in KiB, behind its stderr. */
const measure = ['/usr/bin/time', '--quiet', '--format=peak %M'] as const;

const config = command.newFile(configText);
const asCommand = (artefact: Artefact) => (url: string, whom: string) => {
  const options = [`--config=${config}`, `--lock-dir=${command.newDirectory()}`, whom, `--timeout=${deadline}`];
  return [...command.words(artefact), ...options, url];
};
const postOnce = new URL('post-once.ts', import.meta.url).pathname;
const doors: [string, (url: string, whom: string) => string[]][] = [
  ...artefacts.map((artefact): (typeof doors)[number] => [artefact, asCommand(artefact)]),
  ['the transport of the Lambda', (url, whom) => [process.execPath, postOnce, url, String(deadline), whom]],
];

describe.each(doors)('%s', (_, door) => {
  it.concurrent.each(wrongAnswers)('gives up on $what to the $page', async ({ answer, page }) => {
    const server = await startWrongServer(answer);
    try {
      const whom = page === 'add' ? '--list=example_group' : `--recipient=${groupAddress}`;
      const { exit, stderr } = await command.runWords([...measure, ...door(server.url, whom)], { input: plainMail });
      const [, line = '', peak = ''] = /^(4\.\d\.\d [\x20-\x7e]+\n)peak (\d+)\n$/.exec(stderr) ?? [];
      expect([exit, line.slice(0, 6)]).toEqual([75, expect.stringMatching(/^4\.(4\.2|5\.0) $/)]);
      expect(Number(peak) / 1024).toBeGreaterThan(20);
      expect(Number(peak) / 1024).toBeLessThan(memoryLimit);
      expect(server.asked()).toBe(1);
    } finally {
      await server.stop();
    }
  });
});
