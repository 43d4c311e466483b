/**
 * The command behind a private Exim: the core cases, and what is Exim's own.
 */
import { describe, expect, test } from 'vitest';
import { coreCases, mail } from '../mta/core-cases.ts';
import { author, completeMail, withCrlf } from '../mta/scenario-by-mail.ts';
import { suiteNeeds } from '../required-suite.ts';
import { groupAddress } from '../scenarios.ts';
import { eximProgram, startExim } from './private-exim.ts';

describe.runIf(suiteNeeds(eximProgram, { asRoot: true }))('Exim', () => {
  coreCases(
    {
      start: startExim,
      whenKilled: 'frozen',
      logsSuccess: true,
      // What auto_thaw does after a while.
      retry: (exim, id) => exim.place.must([eximProgram, '-Mt', id]),
    },
    (startSite) => {
      test.concurrent.for([
        ['plain text', completeMail],
        ['8-bit, NUL and mbox lines', Buffer.from(`${completeMail}\xe9\0\nFrom ada\n.\n\n`, 'latin1')],
        ['a line of 100,000 characters', `${completeMail}${'long '.repeat(20_000)}\n`],
      ] as const)('a mail arrives byte for byte: %s', async ([, message], { onTestFinished }) => {
        const [exim, server] = await startSite(onTestFinished);
        await exim.send({ ...mail, message: withCrlf(message) });
        await exim.emptyQueue();
        const posted = (await server.posts[0]?.message.bytes())?.toString('latin1') ?? '';
        const fields = `Return-path: <${author}>\nEnvelope-to: ${groupAddress}\nDelivery-date: .*\nReceived: `;
        expect(posted).toMatch(new RegExp(`^${fields}`));
        expect(posted.endsWith(`\n${Buffer.from(message).toString('latin1')}`)).toBe(true);
      });

      test.concurrent('a recipient with a colon sets no variable of the command', async ({ onTestFinished }) => {
        const group = 'a:ORIGINAL_RECIPIENT=x';
        const [exim, server] = await startSite(onTestFinished, { groups: [group] });
        await exim.send({ ...mail, recipients: [`"${group}"@groups.example.com`] });
        await exim.emptyQueue();
        expect(server.posts).toMatchObject([{ groupId: group }]);
      });
    },
  );
});
