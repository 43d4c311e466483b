/**
 * What is installed and what ships: every package is locked by its hash and comes from whatever registry is configured,
 * runs no script of its own but two that are allowed, and has a licence that lets us hand it on; what is bundled is
 * listed with its licence.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isObject, property, textProperty } from '../../functions/ses2gs/json.ts';

const root = new URL('../../', import.meta.url).pathname;
const read = (name: string): unknown => JSON.parse(readFileSync(join(root, name), 'utf8'));
const manifest = read('package.json');
const locked = property(read('package-lock.json'), 'packages');
const packages = Object.entries(isObject(locked) ? locked : {}).filter(([path]) => path !== '');

/** Nothing has to be published, asked or paid for what contains them. */
const permissive = [
  'MIT',
  'MIT-0',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'Unlicense',
  'CC0-1.0',
];

/** Tools that ship with nothing: their licences bind who changes them, or are for data. */
const tools = [...permissive, 'MPL-2.0', 'CC-BY-4.0'];

/** An expression of SPDX with OR is as good as the best of its licences; one with AND as the worst. */
function isAllowed(licence: string, list: readonly string[]): boolean {
  const words = licence.replaceAll(/[()]/g, '');
  if (words.includes(' AND ')) return words.split(' AND ').every((each) => isAllowed(each, list));
  return words.split(' OR ').some((each) => list.includes(each));
}

describe('the lock file', () => {
  it('has a hash for every package, and names no registry', () => {
    expect(packages.length).toBeGreaterThan(100);
    const loose = packages.filter(([, each]) => !/^sha512-[\w+/]{86}==$/.test(textProperty(each, 'integrity') ?? ''));
    expect(loose.map(([path]) => path)).toEqual([]);
    const placed = packages.filter(
      ([, each]) => property(each, 'resolved') !== undefined || property(each, 'link') !== undefined,
    );
    expect(placed.map(([path]) => path)).toEqual([]);
    expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).not.toMatch(/"https?:\/\/[^"]*(?:registry|\.tgz)/);
  });

  it('asks for exactly what package.json does, each by one version', () => {
    const wanted = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;
    for (const kind of wanted) {
      expect(property(property(locked, ''), kind)).toEqual(property(manifest, kind));
      const versions = property(manifest, kind);
      for (const version of Object.values(isObject(versions) ? versions : {}))
        expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    }
  });

  it('lets no package run a script when it is installed, but those that are allowed to', () => {
    const scripted = packages.filter(([, each]) => property(each, 'hasInstallScript') === true).map(([path]) => path);
    const allowed = property(manifest, 'allowScripts');
    expect(allowed).toEqual({ esbuild: true, 'classic-level': true });
    expect(scripted.sort()).toEqual(['node_modules/classic-level', 'node_modules/esbuild']);
  });
});

describe('the licences', () => {
  it('of what may ship let us hand it on', () => {
    const shipped = packages.filter(
      ([, each]) => property(each, 'dev') !== true && property(each, 'devOptional') !== true,
    );
    expect(shipped.length).toBeGreaterThan(50);
    const others = shipped.filter(([, each]) => !isAllowed(textProperty(each, 'license') ?? '', permissive));
    expect(others.map(([path, each]) => [path, property(each, 'license')])).toEqual([]);
  });

  it('of the tools let us use them', () => {
    const others = packages.filter(([, each]) => !isAllowed(textProperty(each, 'license') ?? '', tools));
    expect(others.map(([path, each]) => [path, property(each, 'license')])).toEqual([]);
  });

  it('of all that is in the function stand beside it, and are those of the lock file', () => {
    const notices = readFileSync(join(root, 'dist/ses2gs/LICENSES.txt'), 'utf8');
    const listed = [...notices.matchAll(/^(@?[\w./-]+) (\d[\w.+-]*) \((.+)\)$/gm)];
    expect(listed.length).toBeGreaterThan(20);
    for (const [line, name, version, licence = ''] of listed) {
      expect([line, isAllowed(licence, permissive)]).toEqual([line, true]);
      const known = packages.some(
        ([path, each]) => path.endsWith(`node_modules/${name}`) && property(each, 'version') === version,
      );
      expect([line, known]).toEqual([line, true]);
    }
  });
});
