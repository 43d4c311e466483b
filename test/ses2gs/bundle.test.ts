/** What ships: the bundle has all it needs, nothing that it must not have, and loads only what a mail needs. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { property } from '../../functions/ses2gs/json.ts';
import { buildLambda } from '../../infra/build/build-lambda.ts';
import { bundledPackages } from '../../infra/build/licence-notices.ts';
import { startStack } from '../../infra/local/stack.ts';

const root = new URL('../../', import.meta.url).pathname;
const readJson = (name: string): unknown => JSON.parse(readFileSync(join(root, name), 'utf8'));

let dist: string;
let metafile: Metafile;

beforeAll(async () => {
  dist = mkdtempSync(join(tmpdir(), 'ses2gs-bundle-'));
  metafile = await buildLambda(dist);
});
afterAll(() => rmSync(dist, { recursive: true, force: true }));

const packages = () => bundledPackages(metafile).map((folder) => folder.slice(folder.indexOf('node_modules')));
const nameOf = (folder: string) => folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** The output of an entry or of a lazily loaded module, and all that is loaded with it. */
function loadedWith(source: string): string[] {
  const { outputs } = metafile;
  const loaded = new Set<string>();
  const load = (path: string) => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const each of outputs[path]?.imports ?? [])
      if (each.kind === 'import-statement' && outputs[each.path]) load(each.path);
  };
  for (const [path, { entryPoint }] of Object.entries(outputs)) if (entryPoint?.endsWith(source)) load(path);
  return [...loaded];
}

const packagesIn = (paths: string[]) =>
  new Set(
    paths
      .flatMap((path) => Object.keys(metafile.outputs[path]?.inputs ?? {}))
      .filter((path) => path.includes('node_modules'))
      .map((path) => nameOf(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? '')),
  );

describe('the bundle', () => {
  it('loads 900 KiB for a mail at most, the secret included', () => {
    const paths = new Set([...loadedWith('ses2gs/handler.ts'), ...loadedWith('parameters/lib/esm/ssm/index.js')]);
    const bytes = [...paths].reduce((sum, path) => sum + (metafile.outputs[path]?.bytes ?? 0), 0);
    expect(bytes / 1024).toBeGreaterThan(300);
    expect(bytes / 1024).toBeLessThanOrEqual(900);
  });

  it('loads mailparser and the clients of SES, SSM and Secrets Manager only when they are needed', () => {
    const loaded = packagesIn(loadedWith('ses2gs/handler.ts'));
    expect(loaded).toContain('@aws-sdk/client-s3');
    for (const lazy of [
      'mailparser',
      '@aws-sdk/client-ses',
      '@aws-sdk/client-ssm',
      '@aws-sdk/client-secrets-manager',
    ]) {
      expect(packages().map(nameOf)).toContain(lazy);
      expect(loaded).not.toContain(lazy);
    }
  });

  it('has one copy of each library', () => {
    const names = packages().map(nameOf);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('has no library that is only for development', () => {
    const locked = property(readJson('package-lock.json'), 'packages');
    const dev = packages().filter((folder) => property(property(locked, folder), 'dev') !== undefined);
    expect(dev).toEqual([]);
    expect(packages().every((folder) => property(locked, folder) !== undefined)).toBe(true);
  });

  it('holds no token and no path of the machine that built it', () => {
    const files = readdirSync(join(dist, 'ses2gs'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.\w+$/.test(name),
    );
    expect(files.length).toBeGreaterThan(5);
    for (const name of files) {
      const text = readFileSync(join(dist, 'ses2gs', name), 'utf8');
      expect(text).not.toContain('theValueOfTheToken');
      expect(text).not.toContain(root);
    }
  });

  it('comes with the licence of every library', () => {
    const notices = readFileSync(join(dist, 'ses2gs/LICENSES.txt'), 'utf8');
    for (const folder of packages()) expect(notices).toContain(`${nameOf(folder)} `);
    expect(notices).toContain('Apache License');
  });

  it('runs where nothing else is installed', async () => {
    const script = `
      process.env.AWS_REGION = 'us-east-1';
      const { handler } = await import('./index.mjs');
      const answer = await handler({ Records: [] }, { getRemainingTimeInMillis: () => 1000 });
      for (const chunk of ${JSON.stringify(readdirSync(join(dist, 'ses2gs/chunks')))}) await import('./chunks/' + chunk);
      process.stdout.write('answer ' + JSON.stringify(answer));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: join(dist, 'ses2gs'),
    });
    expect(stdout).toContain('answer {"batchItemFailures":[]}');
  });

  it('delivers and bounces, which takes every chunk that is loaded late', async () => {
    const stack = await startStack({ bundle: join(dist, 'ses2gs') });
    try {
      const to = ['example_group@groups.example.com', 'nobody@groups.example.com'];
      await stack.send({ from: 'ada@example.com', to, subject: 'Tea', text: 'Is there any tea?' });
      await stack.settled();
      expect(stack.groupServer.posts).toHaveLength(1);
      expect(stack.bounces()).toHaveLength(1);
    } finally {
      await stack.stop();
    }
  });
});
