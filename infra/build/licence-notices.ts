/**
 * Which packages went into a bundle, and the text of their licences, which most of them ask to be handed on with them.
 * A package without a licence file is named with what its package.json says; one that says nothing fails the build.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/** Gives the folders of all packages that a bundle holds a part of, in order. */
export function bundledPackages(metafile: Metafile): string[] {
  const folders = new Set<string>();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
      if (folder !== undefined && bytesInOutput > 0) folders.add(folder);
    }
  }
  return [...folders].sort();
}

/** Writes the notices of the packages in these folders below `root`; a text that several packages share, once. */
export async function licenceNotices(root: string, folders: readonly string[]): Promise<string> {
  const packagesOf = new Map<string, string[]>();
  for (const folder of folders) {
    const { name, text } = await notice(join(root, folder));
    packagesOf.set(text, [...(packagesOf.get(text) ?? []), name]);
  }
  const notices = [...packagesOf].map(([text, names]) => `${names.join('\n')}\n\n${text}`);
  const rule = `\n${'-'.repeat(80)}\n\n`;
  return ['The function contains the following libraries.\n', ...notices].join(rule);
}

async function notice(folder: string): Promise<{ name: string; text: string }> {
  const about: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const field = (name: string) => {
    const value: unknown = typeof about === 'object' && about !== null ? Reflect.get(about, name) : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  const licence = field('license');
  const files = (await readdir(folder)).filter((name) => /^(licen[cs]e|notice|copying)/i.test(name)).sort();
  if (files.length === 0 && licence === undefined) throw new Error(`${folder} has no licence`);
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  return { name: `${field('name')} ${field('version')} (${licence ?? 'see below'})`, text: texts.join('\n') };
}
