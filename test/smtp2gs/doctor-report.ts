/**
 * The report of `smtp2gs doctor --json`, checked for what every report has: a remedy where one is needed and only there,
 * an exit status that agrees, and no token. It is run on a host whose Postfix is the test's own.
 */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { token } from '../scenarios.ts';
import type { Artefact, InstalledCommand, RunOptions } from './installed-command.ts';

export interface Finding {
  check: string;
  status: string;
  text: string;
  remedy?: string;
}

export interface Report {
  readonly exit: number | null;
  readonly findings: readonly Finding[];
  /** Those that make the whole fail. */
  readonly failed: readonly Finding[];
}

/** Runs doctor and reads its report. */
export async function examine(
  command: InstalledCommand,
  artefact: Artefact,
  args: readonly string[],
  options: RunOptions & { readonly postfix: string },
): Promise<Report> {
  const { exit, stdout, stderr } = await command.run(artefact, {
    input: '',
    ...options,
    args: ['doctor', '--json', ...args],
    environment: { MAIL_CONFIG: options.postfix },
  });
  expect(stderr).toBe('');
  expect(stdout).not.toContain(token);
  const { ok, findings } = reportIn(JSON.parse(stdout));
  const failed = findings.filter(({ status }) => status === 'failed');
  expect({ ok, exit }).toEqual(failed.length === 0 ? { ok: true, exit: 0 } : { ok: false, exit: 1 });
  for (const { status, remedy } of findings) {
    expect(remedy !== undefined).toBe(status === 'failed' || status === 'warning');
  }
  return { exit, findings, failed };
}

/** What --json writes; throws when it is something else. */
function reportIn(value: unknown): { ok: boolean; findings: readonly Finding[] } {
  if (typeof value !== 'object' || value === null || !('ok' in value) || !('findings' in value))
    throw new Error('no report');
  const { ok, findings } = value;
  if (typeof ok !== 'boolean' || !Array.isArray(findings) || !findings.every(isFinding)) throw new Error('no findings');
  return { ok, findings };
}

function isFinding(value: unknown): value is Finding {
  if (typeof value !== 'object' || value === null) return false;
  const texts = ['check', 'status', 'text'].map((name) => new Map<string, unknown>(Object.entries(value)).get(name));
  return texts.every((text) => typeof text === 'string' && text !== '');
}

/** A configuration of Postfix that postconf(1) reads. */
export function postfixFolder(command: InstalledCommand, main: string, master: string): string {
  const folder = command.newDirectory();
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'main.cf'), `compatibility_level = 3.6\n${main}`);
  writeFileSync(join(folder, 'master.cf'), master || 'pickup unix n - n 60 1 pickup\n');
  return folder;
}
