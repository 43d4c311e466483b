/**
 * Builds the subcommands (lmtp, doctor, explain, mta-config) into a file beside the delivery path: what a delivery does
 * not use must not be parsed for it. The texts of infra/mta are written into it.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';

const root = new URL('../../', import.meta.url).pathname;
const fileName = 'smtp2gs-tools.cjs';

/** Leaves the subcommands out of a bundle, which loads them from their own file when they are asked for. */
export const toolsApart: Plugin = {
  name: 'tools apart',
  setup: (build) => {
    build.onResolve({ filter: /\/tools\/tools\.ts$/ }, () => ({ path: `./${fileName}`, external: true }));
  },
};

/** Writes the file of the subcommands to a folder. */
export async function buildTools(dist: string, version: string): Promise<void> {
  await build({
    entryPoints: [join(root, 'functions/smtp2gs/tools/tools.ts')],
    outfile: join(dist, fileName),
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    // Bun's compiler finds what is loaded late only when it is required.
    supported: { 'dynamic-import': false },
    define: { SMTP2GS_VERSION: JSON.stringify(version), MTA_SNIPPETS: JSON.stringify(await mtaSnippets()) },
    plugins: [withoutTestKey],
    legalComments: 'none',
    logLevel: 'warning',
  });
}

/** Keeps smtp-server's private key, which is for tests and known to all, out of what ships: LMTP here has no TLS. */
const withoutTestKey: Plugin = {
  name: 'without test key',
  setup: (build) => {
    build.onLoad({ filter: /\/smtp-server\/.*\/tls-options\.js$/ }, () => ({ contents: 'export default () => ({})' }));
  },
};

/** The texts that `smtp2gs mta-config` prints, by name. */
export async function mtaSnippets(): Promise<Record<string, string>> {
  const folder = join(root, 'infra/mta');
  const files = (await readdir(folder)).filter((name) => name.endsWith('.txt'));
  const names = files.map((name) => name.slice(0, -'.txt'.length)).sort();
  const texts = names.map(async (name) => [name, await readFile(join(folder, `${name}.txt`), 'utf8')] as const);
  return Object.fromEntries(await Promise.all(texts));
}
