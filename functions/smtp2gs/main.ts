/**
 * The command from arguments to exit status: reads options, configuration and message, takes a slot, calls the core,
 * and translates the status that comes back. Its order of decisions is that of 3.x (spec/groupserver.md section 2).
 * It touches neither stdout nor the process's exit: what is to be said it gives to bin.ts. It does not throw.
 */
import { deliver } from '../core/deliver.ts';
import { type DeliveryStatus, outcomeOf, statusLine, statusOf } from '../core/delivery-status.ts';
import { groupServer } from '../core/groupserver.ts';
import { bytesPerMebibyte, checkSize } from '../core/limit.ts';
import { siteUrl } from '../core/site-url.ts';
import { type Arguments, parseArguments } from './arguments.ts';
import { readConfig } from './configuration-file.ts';
import type { Ending } from './ending.ts';
import { transportFor } from './fetch-transport.ts';
import { helpText } from './help-text.ts';
import { readCaFile } from './input-file.ts';
import { appendLogLine, type LogEntry } from './log-line.ts';
import { openMessage } from './open-message.ts';
import { isSubcommand, type Subcommand } from './options.ts';
import { type PhaseClock, phaseClock, sinceStart } from './phase-clock.ts';
import { acquireSlot } from './slot.ts';
import { UsageError } from './usage-error.ts';
import { version } from './version.ts';

export type { Ending } from './ending.ts';

/** EX_USAGE of sysexits.h, for a person at a terminal; a mail system gets 75, since it would bounce the mail. */
const usageExit = 64;

/** The two failures that qmail-command(8) tells apart; it would try again after 67, the exit for "no such group". */
const qmailExits = { delivered: 0, deferred: 111, bounced: 100 } as const;

/** Runs the command. */
export async function main(argv: readonly string[]): Promise<Ending> {
  const [word, ...rest] = argv;
  if (word !== undefined && isSubcommand(word)) return await runSubcommand(word, rest);
  let options: Arguments | undefined;
  try {
    const parsed = parseArguments(argv);
    if (parsed.kind === 'help') return { stdout: helpText(), exit: 0 };
    if (parsed.kind === 'version') return { stdout: `smtp2gs ${version}\n`, exit: 0 };
    options = parsed.options;
    return endingOf(await run(options), options);
  } catch (error) {
    const ending = endingOf(statusOf(error), options);
    return error instanceof UsageError && process.stdin.isTTY ? { ...ending, exit: usageExit } : ending;
  }
}

/** The subcommands lie in a file of their own: what a delivery does not use must not be parsed for it. */
async function runSubcommand(word: Subcommand, argv: readonly string[]): Promise<Ending> {
  const { runTool } = await import('./tools/tools.ts');
  return await runTool(word, argv);
}

async function run(options: Arguments): Promise<DeliveryStatus> {
  const clock = phaseClock();
  const entry: LogEntry = {
    queueId: options.queueId,
    sender: options.envelope.sender,
    milliseconds: clock.milliseconds,
  };
  const log = (status: DeliveryStatus) => {
    clock.milliseconds.total = sinceStart();
    if (options.log !== undefined) appendLogLine(options.log, entry, status);
  };
  try {
    const status = await attempt(options, clock, entry);
    log(status);
    return status;
  } catch (error) {
    log(statusOf(error));
    throw error;
  }
}

async function attempt(options: Arguments, clock: PhaseClock, entry: LogEntry): Promise<DeliveryStatus> {
  const signal = AbortSignal.timeout(Math.max(0, Math.ceil(options.timeout * 1000 - sinceStart())));
  const config = readConfig(options.config, options.instance);
  const ca = options.caFile === undefined ? undefined : readCaFile(options.caFile);
  const maxSize = options.maxSize * bytesPerMebibyte;
  const mail = { file: options.file, maxSize, spoolDir: options.spoolDir, signal };
  const message = await clock.measure('read', () => openMessage(mail));
  entry.bytes = message.size;
  checkSize(message.size, maxSize);
  await clock.measure('wait', () => acquireSlot({ slots: options.slots, lockDir: options.lockDir, signal }));
  const site = siteUrl(options.url);
  const post = transportFor(message.size, { ca, insecure: options.insecure });
  const server = groupServer({ site, token: config.token, timeSource: options.timeSource, post });
  const { status, facts } = await deliver({
    message,
    envelope: { ...options.envelope },
    groupServer: clock.measured(server),
    relayPrefix: config.relayPrefix,
    maxSize,
    signal,
  });
  Object.assign(entry, facts);
  return status;
}

/** Silent on success, since Exim's `return_output` takes any output for a failure; only a recorded bounce is told. */
function endingOf(status: DeliveryStatus, options: Arguments | undefined): Ending {
  const said = status.code === '2.0.0' ? {} : { stderr: statusLine(status) };
  return { ...said, exit: options?.exitStyle === 'qmail' ? qmailExits[outcomeOf(status)] : status.exit };
}
