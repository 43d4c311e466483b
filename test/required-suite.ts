/**
 * Decides whether a suite that needs an installed program can run on this machine. A suite that cannot run skips itself
 * with one visible line; where SMTP2GS_REQUIRE_SUITES is set (.ci/run) it fails instead, so that nothing goes unnoticed.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** True when the suite can run: `program` (a name or a path) is installed and, where `asRoot`, this process is root. */
export function suiteNeeds(program: string, { asRoot = false } = {}): boolean {
  const missing = isInstalled(program) ? undefined : `${program} is not installed (infra/build/debian-packages.sh)`;
  const reason = missing ?? (asRoot && process.getuid?.() !== 0 ? `${program} is run here by root only` : undefined);
  if (reason === undefined) return true;
  if (process.env['SMTP2GS_REQUIRE_SUITES']) throw new Error(`This suite must run here, but ${reason}`);
  console.log(`Skipped: ${reason}`);
  return false;
}

function isInstalled(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return (program.includes('/') ? [program] : folders.map((folder) => join(folder, program))).some(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
