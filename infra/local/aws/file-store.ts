/**
 * A folder of small JSON files, one per record, written whole or not at all. What the local stack keeps between
 * two runs is kept here; a stack without a folder to keep uses a temporary one.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface FileStore<T> {
  put(id: string, record: T): void;
  remove(id: string): void;
  all(): T[];
}

/** Opens (and makes) the folder. The records are this program's own files: they are not checked again. */
export function openFileStore<T>(folder: string): FileStore<T> {
  mkdirSync(folder, { recursive: true });
  const path = (id: string) => join(folder, `${encodeURIComponent(id)}.json`);
  const parse: (text: string) => T = JSON.parse;
  return {
    put: (id, record) => {
      writeFileSync(`${path(id)}.new`, JSON.stringify(record));
      renameSync(`${path(id)}.new`, path(id));
    },
    remove: (id) => rmSync(path(id), { force: true }),
    all: () =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.json'))
        .map((name) => parse(readFileSync(join(folder, name), 'utf8'))),
  };
}
