/**
 * The subcommands: everything beside a delivery. The build puts what this file imports into a file of its own, which is
 * loaded for these words only (infra/build/build-command.ts).
 */
import { statusOf, statusText } from '../../core/delivery-status.ts';
import type { Ending } from '../ending.ts';
import type { Subcommand } from '../options.ts';
import { parseOptions } from '../parse-options.ts';
import { UsageError } from '../usage-error.ts';
import { doctor } from './doctor/doctor.ts';
import { explain } from './explain.ts';
import { lmtp } from './lmtp.ts';
import { mtaConfig } from './mta-config.ts';
import { type Tool, toolHelp } from './tool.ts';

/** EX_USAGE of sysexits.h: no mail system runs these. */
const usageExit = 64;

export const tools: Readonly<Record<Subcommand, Tool>> = { lmtp, doctor, explain, 'mta-config': mtaConfig };

/** Runs a subcommand; does not throw. */
export async function runTool(word: Subcommand, argv: readonly string[]): Promise<Ending> {
  const tool = tools[word];
  try {
    const parsed = parseOptions(tool.options, argv);
    return parsed.values.has('help') ? { stdout: toolHelp(tool), exit: 0 } : await tool.run(parsed);
  } catch (error) {
    const status = statusOf(error);
    // To a person the detail says it better than the text that is meant for a sender.
    const why = statusText(status.kind === 'config-invalid' ? { text: status.detail ?? '' } : status);
    return { stderr: `smtp2gs ${word}: ${why}\n`, exit: error instanceof UsageError ? usageExit : status.exit };
  }
}
