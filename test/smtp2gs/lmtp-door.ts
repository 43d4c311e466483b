/**
 * The door that LMTP is: the built server as a child process, a bare client, one recipient.
 */
import { type Door, mailOf } from '../run-scenario.ts';
import { groupAddress, type Scenario } from '../scenarios.ts';
import type { Artefact, InstalledCommand } from './installed-command.ts';
import { openSession, sendMail } from './lmtp-client.ts';
import { startLmtp } from './lmtp-process.ts';

/** Why a row cannot come by LMTP; undefined if it can. */
export function whyNot({ title, mail, envelope, expected }: Scenario): string | undefined {
  if (envelope?.list !== undefined) return 'there is no --list';
  if (envelope && envelope.recipient === undefined) return 'there is always a recipient';
  if (envelope?.recipient?.trim() === '') return 'LMTP has no empty recipient';
  if (expected.kind === 'config-invalid' || expected.kind === 'url-without-host') return 'the server does not start';
  if (expected.kind === 'no-slot') return 'there are no slots';
  if (String(mail).startsWith('From ')) return 'LMTP clients send no mbox line';
  return /exactly/.test(title) ? 'LMTP ends a mail with a line end' : undefined;
}

/** The row as LMTP has it: lines end with CRLF, and the recipient is looked up before the mail is there to be judged. */
export function lmtpRow(scenario: Scenario): Scenario {
  const text = mailOf(scenario).toString('latin1').replaceAll(/\r?\n/g, '\r\n');
  const { expected } = scenario;
  const isJudgedEarly =
    ['message-empty', 'message-too-large'].includes(expected.kind) && expected.requests.length === 0;
  return {
    ...scenario,
    mail: Buffer.from(text, 'latin1'),
    expected: isJudgedEarly ? { ...expected, requests: ['look-up'] } : expected,
  };
}

/** Makes the door for an artefact. */
export function lmtpDoor(command: InstalledCommand, artefact: Artefact): Door {
  return async (scenario, url) => {
    const { recipient = groupAddress, sender = '' } = scenario.envelope ?? {};
    const options = { 'max-size': scenario.maxSize, timeout: scenario.timeout, 'time-source': scenario.timeSource };
    const args = Object.entries(options).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}=${value}`],
    );
    const { config } = scenario;
    const server = await startLmtp(command, artefact, url, { args, ...(config !== undefined && { config }) });
    try {
      const client = await openSession(server.where);
      const replies = await sendMail(client, [recipient], mailOf(scenario), sender);
      client.close();
      return { line: textOf(replies.mail[0] ?? replies.recipients[0] ?? '') };
    } finally {
      await server.stop('SIGKILL');
    }
  };
}

/** What the command would have said: nothing for a silent success. */
function textOf(reply: string): string {
  const [, code = '', text = ''] = /^(\d{3}) (.*)$/.exec(reply) ?? [];
  if (!text.startsWith(code.charAt(0))) throw new Error(`the codes do not agree: ${reply}`);
  return text.startsWith('2.0.0') ? '' : text;
}
