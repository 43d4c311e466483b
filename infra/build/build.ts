/**
 * `npm run build`: makes in `dist/` what ships, from one source each: the command as a CommonJS file for hosts with
 * Node 22 or newer, the same as a standalone executable (compiled by Bun), its man page, and the Lambda. A build that
 * fails leaves the last one in place and ends with a status other than 0.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildCommand } from './build-command.ts';
import { buildLambda } from './build-lambda.ts';
import { mtaSnippets } from './build-tools.ts';

const root = new URL('../../', import.meta.url).pathname;
const dist = join(root, 'dist');
const made = join(root, `dist.${process.pid}`);

const version = /"version": "([^"]+)"/.exec(await readFile(join(root, 'package.json'), 'utf8'))?.[1] ?? 'unknown';
// As reproducible builds ask for (reproducible-builds.org, SOURCE_DATE_EPOCH).
const epoch = process.env['SOURCE_DATE_EPOCH'];
const date = (epoch === undefined ? new Date() : new Date(Number(epoch) * 1000)).toISOString().slice(0, 10);

// The tables of the subcommands, which the man page is made of, have this from the bundler; here they are read as they lie.
Object.assign(globalThis, { MTA_SNIPPETS: await mtaSnippets() });
const { manPage } = await import('./man-page.ts');

try {
  await mkdir(made);
  await Promise.all([
    buildCommand(made, version),
    buildLambda(made),
    writeFile(join(made, 'smtp2gs.1'), manPage(version, date)),
  ]);
  if (existsSync(dist)) await rename(dist, `${made}.old`);
  await rename(made, dist);
} finally {
  await Promise.all([rm(made, { recursive: true, force: true }), rm(`${made}.old`, { recursive: true, force: true })]);
}
