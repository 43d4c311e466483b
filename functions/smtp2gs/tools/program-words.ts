/**
 * Says how a mail system has to start this program: by absolute paths, since it gives its commands little of an
 * environment, and for the CommonJS file with the Node that runs it now, since `/usr/bin/env node` may find another.
 */
import { realpathSync } from 'node:fs';

/** The words, such as `/usr/bin/smtp2gs`, or `/usr/bin/node /opt/smtp2gs/smtp2gs.cjs`. */
export function programWords(): readonly string[] {
  const program = process.execPath;
  const script = process.argv[1];
  return isStandalone() || script === undefined ? [program] : [program, realpathSync(script)];
}

/** Whether this is the standalone executable, in which the run time of Bun is. */
export function isStandalone(): boolean {
  return 'bun' in process.versions;
}
