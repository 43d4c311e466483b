/**
 * The command from arguments to exit status: reads options, configuration and message, takes a slot, calls the core,
 * and translates the status that comes back. Its order of decisions is that of 3.x (spec/groupserver.md section 2).
 * It touches neither stdout nor the process's exit: what is to be said it gives to bin.ts. It does not throw.
 */
import { deliver } from '../core/deliver.ts';
import { type DeliveryStatus, statusLine, statusOf } from '../core/delivery-status.ts';
import { groupServer } from '../core/groupserver.ts';
import { bytesPerMebibyte, checkSize } from '../core/limit.ts';
import { siteUrl } from '../core/site-url.ts';
import { type Arguments, parseArguments } from './arguments.ts';
import { readConfig } from './configuration-file.ts';
import { helpText } from './help-text.ts';
import { httpTransport } from './http-transport.ts';
import { readCaFile } from './input-file.ts';
import { openMessage } from './open-message.ts';
import { acquireSlot } from './slot.ts';
import { UsageError } from './usage-error.ts';
import { version } from './version.ts';

/** What the process says and how it exits. */
export interface Ending {
  stdout?: string;
  stderr?: string;
  exit: number;
}

/** EX_USAGE of sysexits.h, for a person at a terminal; a mail system gets 75, since it would bounce the mail. */
const usageExit = 64;

/** Runs the command. */
export async function main(argv: readonly string[]): Promise<Ending> {
  try {
    const parsed = parseArguments(argv);
    if (parsed.kind === 'help') return { stdout: helpText(), exit: 0 };
    if (parsed.kind === 'version') return { stdout: `smtp2gs ${version}\n`, exit: 0 };
    return endingOf(await run(parsed.options));
  } catch (error) {
    const ending = endingOf(statusOf(error));
    return error instanceof UsageError && process.stdin.isTTY ? { ...ending, exit: usageExit } : ending;
  }
}

async function run(options: Arguments): Promise<DeliveryStatus> {
  const signal = AbortSignal.timeout(Math.max(0, Math.ceil(options.timeout * 1000 - performance.now())));
  const config = readConfig(options.config, options.instance);
  const ca = options.caFile === undefined ? undefined : readCaFile(options.caFile);
  const maxSize = options.maxSize * bytesPerMebibyte;
  const message = await openMessage({ file: options.file, maxSize, spoolDir: options.spoolDir, signal });
  checkSize(message.size, maxSize);
  await acquireSlot({ slots: options.slots, lockDir: options.lockDir, signal });
  const site = siteUrl(options.url);
  const post = httpTransport({ ca, insecure: options.insecure });
  const { status } = await deliver({
    message,
    envelope: { ...options.envelope },
    groupServer: groupServer({ site, token: config.token, timeSource: options.timeSource, post }),
    relayPrefix: config.relayPrefix,
    maxSize,
    signal,
  });
  return status;
}

/** Silent on success, since Exim's `return_output` takes any output for a failure; only a recorded bounce is told. */
function endingOf(status: DeliveryStatus): Ending {
  const said = status.code === '2.0.0' ? {} : { stderr: statusLine(status) };
  return { ...said, exit: status.exit };
}
