/**
 * Checks the configuration file: that it can be read and understood, and that the token in it is a secret.
 */
import { existsSync, statSync } from 'node:fs';
import type { Config } from '../../../core/config.ts';
import { statusOf } from '../../../core/delivery-status.ts';
import { readConfig } from '../../configuration-file.ts';
import { type Finding, failed, ok, skipped } from './finding.ts';

export interface CheckedConfiguration {
  readonly findings: readonly Finding[];
  /** Undefined where there is none that can be used. */
  readonly config: Config | undefined;
  /** The file that is used, or that is looked for first. */
  readonly path: string;
}

/** Checks the first of the places that exists, as a delivery would read it. */
export function checkConfiguration(places: readonly string[], instance: string): CheckedConfiguration {
  const path = places.find((place) => existsSync(place)) ?? places[0] ?? '';
  const mode = existsSync(path) ? checkMode(path) : skipped('token file', 'there is none');
  try {
    const config = readConfig(places, instance);
    return { findings: [ok('configuration', `${path}, instance ${instance}`), mode], config, path };
  } catch (error) {
    const text = statusOf(error).detail ?? 'cannot be read';
    const remedy = `write "[webservice-${instance}]" and "token = ..." into ${path}, readable by the user of the mail system's command`;
    return { findings: [failed('configuration', text, remedy), mode], config: undefined, path };
  }
}

function checkMode(path: string): Finding {
  const mode = statSync(path).mode & 0o777;
  const remedy = `chmod 640 ${path}, with the group of the user who runs smtp2gs`;
  if ((mode & 0o004) !== 0) return failed('token file', `everybody on this host can read the token in ${path}`, remedy);
  if ((mode & 0o022) !== 0) return failed('token file', `others than its owner can write to ${path}`, remedy);
  return ok('token file', `mode ${mode.toString(8)}`);
}
