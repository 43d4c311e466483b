/**
 * README.md says what the source says, and its commands are those of package.json.
 */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { failures } from '../../functions/core/delivery-status.ts';
import { deliveryOptions } from '../../functions/smtp2gs/options.ts';
import { withTables } from '../../infra/build/readme-tables.ts';

const root = new URL('../../', import.meta.url).pathname;
const readme = readFileSync(`${root}README.md`, 'utf8');
const lines = readme.split('\n');

describe('README.md', () => {
  it('has the failure table of the source (node infra/build/readme-tables.ts writes it)', () => {
    expect(withTables(readme)).toBe(readme);
    for (const { code, exit, text } of Object.values(failures)) {
      expect(lines.filter((line) => line.startsWith(`| ${code} | ${exit} |`) && line.includes(text))).toHaveLength(1);
    }
  });

  it('has the options of the source', () => {
    for (const { long } of deliveryOptions) {
      expect(lines.filter((line) => line.startsWith('| ') && line.includes(`\`--${long}\``)).length).toBeGreaterThan(0);
    }
  });

  it('names no npm script that is not there', () => {
    const scripts = readFileSync(`${root}package.json`, 'utf8');
    const named = [...readme.matchAll(/npm (?:run ([a-z][a-z:-]*)|(start|test))/g)].map(
      ([, run, short]) => run ?? short ?? '',
    );
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((name) => !scripts.includes(`"${name}": "`))).toEqual([]);
  });

  it('links to no file that is not there', () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => path ?? '');
    expect(links.length).toBeGreaterThan(3);
    expect(links.filter((path) => !existsSync(root + path))).toEqual([]);
  });
});
