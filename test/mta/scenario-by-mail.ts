/**
 * A row of the scenarios as a mail system gets to see it: which rows can come by mail at all, the mail of a row, and the
 * options that an administrator would have given the command.
 */
import { mailOf } from '../run-scenario.ts';
import { groupAddress, plainMail, type Scenario } from '../scenarios.ts';
import type { Mail } from './send-mail.ts';

/** Mail to this domain, bounces above all, is delivered into the place. */
export const senderDomain = 'sender.example.net';

/** Somebody at {@link senderDomain}. */
export const author = `ada@${senderDomain}`;

/** A mail with every header field that mail systems add where it is missing. */
export const completeMail = `Date: Sun, 22 Nov 2026 08:00:00 +0000\n${plainMail}`;

/** Why a row cannot come by mail; undefined if it can. */
export function whyNot({ envelope, times, faults, maxSize, expected }: Scenario): string | undefined {
  const recipient = envelope?.recipient ?? groupAddress;
  if (envelope && envelope.recipient === undefined && envelope.list === undefined) return 'there is always a recipient';
  if (!/^[\x21-\x7e]+@groups\.example\.com$/.test(recipient)) return 'mail systems refuse the recipient';
  if (expected.kind === 'message-empty') return 'mail systems add header fields';
  if (maxSize !== undefined && expected.kind === 'posted') return 'mail systems add header fields';
  if (times !== undefined && faults === undefined) return 'what was delivered is not delivered again';
  return undefined;
}

/** The mail of a row, to be sent by SMTP. */
export function mailFor(scenario: Scenario): Mail {
  const { sender = author, recipient = groupAddress } = scenario.envelope ?? {};
  return { sender, recipients: [recipient], message: withCrlf(mailOf(scenario)) };
}

/** The options of a row that are not about its envelope. */
export function optionsOf(scenario: Scenario): string[] {
  const options = {
    list: scenario.envelope?.list,
    'max-size': scenario.maxSize,
    timeout: scenario.timeout,
    'time-source': scenario.timeSource,
  };
  return Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]));
}

/** A message with LF line ends as SMTP sends it. */
export function withCrlf(message: Buffer | string): Buffer {
  return Buffer.from(Buffer.from(message).toString('latin1').replaceAll('\n', '\r\n'), 'latin1');
}
