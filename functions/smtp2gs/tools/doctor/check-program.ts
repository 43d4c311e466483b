/**
 * Checks that a mail system can start this program: its path is open to other users, and for the CommonJS file there is a
 * Node where `#!/usr/bin/env node` looks for one in the environment of pipe(8).
 */
import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { isStandalone, programWords } from '../program-words.ts';
import { type Finding, failed, ok, warning } from './finding.ts';

const run = promisify(execFile);
const check = 'program';

/** The PATH that pipe(8) gives to its commands. */
const folders = ['/usr/bin', '/bin'];

const oldestNode = 22;

/** Checks the program's files. */
export function checkProgram(): Finding {
  const words = programWords();
  for (const [index, word] of words.entries()) {
    // The first is run, the second is only read.
    const closed = closedPart(word, index === 0 ? 0o005 : 0o004);
    if (closed !== undefined) {
      const text = `other users cannot run ${word}, because of the mode of ${closed}`;
      return failed(check, text, 'copy it to where all can read and run it, such as /usr/local/bin');
    }
  }
  return ok(check, words.join(' '));
}

/** Checks the interpreter of the CommonJS file, for those who run it by its own name; nothing for the standalone. */
export async function checkInterpreter(): Promise<Finding[]> {
  if (isStandalone()) return [];
  const problem = await interpreterProblem();
  if (problem === undefined) return [ok('interpreter', `there is a Node in ${folders.join(':')}`)];
  return [warning('interpreter', problem, `name the interpreter in the configuration: ${programWords().join(' ')}`)];
}

/** Why a mail system cannot run the CommonJS file by its own name; undefined if it can. */
export async function interpreterProblem(): Promise<string | undefined> {
  const node = folders.map((folder) => `${folder}/node`).find((path) => existsSync(path));
  if (node === undefined) return `there is no node in ${folders.join(':')}, the PATH of a mail system`;
  const { stdout } = await run(node, ['--version']).catch(() => ({ stdout: '' }));
  const version = stdout.trim() || 'broken';
  const isNew = Number(/^v(\d+)/.exec(version)?.[1] ?? 0) >= oldestNode;
  return isNew ? undefined : `${node} is ${version}, ${oldestNode} is needed`;
}

/** The part of a path that others cannot use. */
function closedPart(path: string, needed: number): string | undefined {
  if ((statSync(path).mode & needed) !== needed) return path;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}
