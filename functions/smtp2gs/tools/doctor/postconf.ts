/**
 * Asks Postfix for its configuration by postconf(1), which knows defaults and where the files are. It changes nothing.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { codeOf } from '../../input-file.ts';

const run = promisify(execFile);

export interface Postconf {
  /** The value of a parameter of main.cf, with `$name` expanded; empty where there is none. */
  value(name: string): Promise<string>;
  /** The entries of master.cf, a line each. */
  services(): Promise<readonly string[]>;
}

/** Gives postconf; undefined where there is no Postfix. Rejects when it does not work. */
export async function findPostconf(): Promise<Postconf | undefined> {
  // An ordinary user has no sbin in PATH.
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin` };
  const ask = async (...words: string[]) => (await run('postconf', words, { env })).stdout;
  try {
    await ask('-h', 'mail_version');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  return {
    value: async (name) => (await ask('-xh', name)).trim(),
    services: async () => (await ask('-M')).split('\n').filter((line) => line !== ''),
  };
}

/** Seconds of a time in Postfix's notation, such as `1000s` or `5m`; NaN for what is none. */
export function secondsOf(time: string): number {
  const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  const [, number = '', unit = 's'] = /^(\d+)([smhdw])?$/.exec(time) ?? [];
  return number === '' ? Number.NaN : Number(number) * (units[unit] ?? Number.NaN);
}
