/**
 * Checks how Postfix runs smtp2gs: that it tells the recipient, one at a time, and waits longer than a delivery does.
 */

import { interpreterProblem } from './check-program.ts';
import { type Finding, failed, ok, skipped, warning } from './finding.ts';
import { findPostconf, type Postconf, secondsOf } from './postconf.ts';
import { type Alias, type CommandLine, findAliases, findTransports, type Transport } from './postfix-use.ts';

/** Seconds; the default of `--timeout`. */
const defaultDeadline = 240;

/** Checks every transport and alias that runs smtp2gs. */
export async function checkPostfix(): Promise<readonly Finding[]> {
  try {
    const postconf = await findPostconf();
    return postconf ? await checkUses(postconf) : [skipped('postfix', 'there is no postconf here')];
  } catch (error) {
    const text = error instanceof Error ? (error.message.split('\n').at(1) ?? error.message) : '';
    return [
      failed('postfix', `its configuration cannot be read: ${text}`, 'run "postfix check" and mend what it says'),
    ];
  }
}

async function checkUses(postconf: Postconf): Promise<readonly Finding[]> {
  const [transports, aliases] = await Promise.all([findTransports(postconf), findAliases(postconf)]);
  if (transports.length + aliases.length === 0) {
    const remedy = 'smtp2gs mta-config postfix URL prints what to write; with LMTP this is as it should be';
    return [warning('postfix', 'no transport in master.cf and no alias runs smtp2gs', remedy)];
  }
  const findings = [
    ...transports.map((transport) => checkTransport(postconf, transport)),
    ...aliases.map((alias) => checkAlias(postconf, alias)),
  ];
  return (await Promise.all(findings)).flat();
}

async function checkTransport(postconf: Postconf, transport: Transport): Promise<readonly Finding[]> {
  const { name } = transport;
  const check = `postfix ${name}`;
  return [
    ...(await checkWords(check, transport, `in the entry ${name} of master.cf`)),
    await checkRecipient(postconf, transport),
    await checkRecipientLimit(postconf, name),
    await checkTimeLimit(postconf, check, `${name}_time_limit`, transport),
    transport.hasStatusFilter
      ? ok(check, 'a command that ends without a word keeps the mail')
      : warning(
          check,
          'a command that is killed by its time limit or cannot be started bounces the mail',
          'add the pipe_delivery_status_filter that smtp2gs mta-config postfix prints',
        ),
  ];
}

async function checkAlias(postconf: Postconf, alias: Alias): Promise<readonly Finding[]> {
  const check = `postfix ${alias.file}`;
  return [
    ...(await checkWords(check, alias, `in ${alias.file}`)),
    await checkTimeLimit(postconf, check, 'command_time_limit', alias),
  ];
}

async function checkWords(check: string, line: CommandLine, where: string): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  if (!line.options) {
    const remedy = `mend the words behind smtp2gs ${where}`;
    findings.push(failed(check, `every mail is deferred: ${line.problem}`, remedy));
  }
  const problem = line.needsNode ? await interpreterProblem() : undefined;
  if (problem !== undefined) {
    const remedy = `write the absolute path of a Node before that of smtp2gs.cjs ${where}`;
    findings.push(failed(check, `every mail bounces or is deferred: ${problem}`, remedy));
  }
  return findings;
}

async function checkRecipient(postconf: Postconf, { name, flags, options }: Transport): Promise<Finding> {
  const check = `postfix ${name}`;
  const given = options?.get('recipient');
  if (given !== undefined || options?.has('list'))
    return ok(check, given === undefined ? 'one group for all' : `recipient from ${given}`);
  const remedy = `add O to flags=${flags} of ${name} in master.cf, or --recipient=\${original_recipient} behind smtp2gs`;
  if (!flags.includes('O'))
    return failed(check, 'the command is not told the recipient: the flag O is missing', remedy);
  if ((await postconf.value('enable_original_recipient')) === 'no') {
    return failed(check, 'the flag O does nothing while enable_original_recipient is no', remedy);
  }
  return ok(check, 'recipient by the flag O');
}

async function checkRecipientLimit(postconf: Postconf, name: string): Promise<Finding> {
  const check = `postfix ${name}`;
  const parameter = `${name}_destination_recipient_limit`;
  const limit = await postconf.value(parameter);
  if (limit === '1') return ok(check, 'one recipient at a time');
  const text = `${parameter} is ${limit || 'not set'}: mail to several groups is deferred or reaches one of them only`;
  return failed(check, text, `postconf -e '${parameter} = 1'; postfix reload`);
}

async function checkTimeLimit(
  postconf: Postconf,
  check: string,
  parameter: string,
  line: CommandLine,
): Promise<Finding> {
  const deadline = Number(line.options?.get('timeout') ?? defaultDeadline);
  const limit = await postconf.value(parameter);
  if (secondsOf(limit) > deadline) return ok(check, `${parameter} is ${limit}, the deadline ${deadline} s`);
  const text = `${parameter} is ${limit || 'not set'}, not above the deadline of ${deadline} s: slow mail bounces`;
  return failed(check, text, `postconf -e '${parameter} = ${deadline + 60}s'; postfix reload; or a shorter --timeout`);
}
