/**
 * Finds where Postfix runs smtp2gs: the transports of master.cf (pipe(8)) and the alias files (local(8)). It reads what an
 * administrator wrote, as far as that is written in the usual way.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { deliveryOptions } from '../../options.ts';
import { parseOptions } from '../../parse-options.ts';
import type { Postconf } from './postconf.ts';

/** The options of a delivery as they stand in the configuration of Postfix. */
export interface CommandLine {
  /** By long name; undefined where the words cannot be read. */
  readonly options: ReadonlyMap<string, string> | undefined;
  /** Why they cannot. */
  readonly problem: string;
  /** Whether the CommonJS file is run by its own name, so that the environment has to have its interpreter. */
  readonly needsNode: boolean;
}

/** An entry of master.cf. */
export interface Transport extends CommandLine {
  readonly name: string;
  /** Of pipe(8), such as `DORX`. */
  readonly flags: string;
  readonly hasStatusFilter: boolean;
}

/** A line of an alias file. */
export interface Alias extends CommandLine {
  readonly file: string;
}

/** The transports that run smtp2gs. */
export async function findTransports(postconf: Postconf): Promise<readonly Transport[]> {
  const entries = await postconf.services();
  return entries.flatMap((entry) => {
    const [name = '', , , , , , , command, ...words] = entry.split(/\s+/);
    const argv = words.findIndex((word) => word.startsWith('argv='));
    if (command !== 'pipe' || argv < 0) return [];
    const line = commandLineIn([(words[argv] ?? '').slice('argv='.length), ...words.slice(argv + 1)]);
    if (!line) return [];
    const flags =
      words
        .slice(0, argv)
        .find((word) => word.startsWith('flags='))
        ?.slice('flags='.length) ?? '';
    const hasStatusFilter = words.slice(0, argv).some((word) => word.startsWith('pipe_delivery_status_filter='));
    return [{ name, flags, hasStatusFilter, ...line }];
  });
}

/** The aliases that run smtp2gs. */
export async function findAliases(postconf: Postconf): Promise<readonly Alias[]> {
  const maps = await postconf.value('alias_maps');
  const files = maps.split(/[\s,]+/).flatMap((map) => /^\w+:(\/.*)$/.exec(map)?.[1] ?? []);
  return files.flatMap((file) =>
    linesOf(file).flatMap((text) => {
      const words = /\|\s*([^"]*)/
        .exec(text.replace(/^\s*#.*/, ''))?.[1]
        ?.trim()
        .split(/\s+/);
      const line = words && commandLineIn(words);
      return line ? [{ file, ...line }] : [];
    }),
  );
}

/** What stands behind the program, if that is ours. */
function commandLineIn(words: readonly string[]): CommandLine | undefined {
  const program = words.findIndex((word) => /^smtp2gs(\.cjs)?$/.test(basename(word)));
  if (program < 0) return undefined;
  const needsNode = program === 0 && (words[0] ?? '').endsWith('.cjs');
  try {
    return { options: parseOptions(deliveryOptions, words.slice(program + 1)).values, problem: '', needsNode };
  } catch (error) {
    return { options: undefined, problem: error instanceof Error ? error.message : '', needsNode };
  }
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'latin1').split('\n');
  } catch {
    return [];
  }
}
