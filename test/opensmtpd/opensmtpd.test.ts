/**
 * The command behind a private OpenSMTPD: the core cases, and what is OpenSMTPD's own.
 */
import { describe, expect, test } from 'vitest';
import { coreCases, mail } from '../mta/core-cases.ts';
import { author, completeMail, withCrlf } from '../mta/scenario-by-mail.ts';
import { suiteNeeds } from '../required-suite.ts';
import { groupAddress } from '../scenarios.ts';
import { smtpdProgram, startOpensmtpd } from './private-opensmtpd.ts';

describe.runIf(suiteNeeds(smtpdProgram, { asRoot: true }))('OpenSMTPD', () => {
  coreCases({ start: startOpensmtpd, whenKilled: 'deferred', logsSuccess: false }, (startSite) => {
    test.concurrent.for([
      ['plain text', completeMail],
      ['8-bit and mbox lines', Buffer.from(`${completeMail}\xe9\nFrom ada\n.\n\n`, 'latin1')],
      ['more than a pipe holds', `${completeMail}${'lines\n'.repeat(200_000)}`],
    ] as const)('a mail arrives byte for byte: %s', async ([, message], { onTestFinished }) => {
      const [system, server] = await startSite(onTestFinished);
      await system.send({ ...mail, message: withCrlf(message) });
      await system.emptyQueue();
      const posted = (await server.posts[0]?.message.bytes())?.toString('latin1') ?? '';
      expect(posted).toMatch(new RegExp(`^Return-Path: <?${author}>?\nDelivered-To: ${groupAddress}\nReceived: `));
      expect(posted.endsWith(`\n${Buffer.from(message).toString('latin1')}`)).toBe(true);
    });
  });
});
