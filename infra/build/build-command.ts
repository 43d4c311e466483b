/**
 * Builds the command: `smtp2gs.cjs` and the subcommands beside it by esbuild, and from these two files `smtp2gs` by
 * Bun's compiler. The first lines of the CommonJS file must run, and so the whole of it must parse, on any Node from 12
 * on: a syntax error would exit 1 and bounce the mail.
 */
import { execFile } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type BuildOptions, build } from 'esbuild';
import { buildTools, toolsApart } from './build-tools.ts';

const run = promisify(execFile);
const root = new URL('../../', import.meta.url).pathname;

const oldNodeGuard = `#!/usr/bin/env node
if(parseInt(process.versions.node,10)<22){require("fs").writeSync(2,"4.3.5 The mail gateway is not configured correctly: smtp2gs.cjs needs Node 22 or newer, "+process.execPath+" is "+process.version+"\\n");process.exit(75)}`;

/** Writes both artefacts of the command to a folder, and what the CommonJS one loads for a subcommand. */
export async function buildCommand(dist: string, version: string): Promise<void> {
  const bundle = join(dist, 'smtp2gs.cjs');
  await build({ ...bundleOptions(version), outfile: bundle, plugins: [toolsApart] });
  await chmod(bundle, 0o755);
  await buildTools(dist, version);
  await compile(bundle, join(dist, 'smtp2gs'));
}

/** How the delivery path is bundled; the test of the exit guard builds another main with it. */
export function bundleOptions(version: string): BuildOptions {
  return {
    entryPoints: [join(root, 'functions/smtp2gs/bin.ts')],
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: ['node12', 'es2019'],
    external: ['bun:ffi'],
    // A real import() of node:http evaluates every one of its exports and doubles the time of the process.
    supported: { 'dynamic-import': false },
    banner: { js: oldNodeGuard },
    define: { SMTP2GS_VERSION: JSON.stringify(version) },
    legalComments: 'none',
    logLevel: 'warning',
  };
}

/** Makes a standalone executable; the two --no flags keep it from reading .env and bunfig.toml where it is started. */
export async function compile(bundle: string, executable: string): Promise<void> {
  const flags = ['--minify', '--bytecode', '--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig'];
  await run(bunPath(), ['build', '--compile', ...flags, bundle, '--outfile', executable], { cwd: root });
}

function bunPath(): string {
  const name = process.arch === 'arm64' ? '@oven/bun-linux-aarch64' : '@oven/bun-linux-x64-baseline';
  return createRequire(import.meta.url).resolve(`${name}/bin/bun`);
}
