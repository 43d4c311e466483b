/**
 * README.md says what the source says, and its commands are those of package.json.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { failures } from '../../functions/core/delivery-status.ts';
import { deliveryOptions } from '../../functions/smtp2gs/options.ts';
import { withTables } from '../../infra/build/readme-tables.ts';

const root = new URL('../../', import.meta.url).pathname;
const readme = readFileSync(`${root}README.md`, 'utf8');

describe('README.md', () => {
  it('has the failure table and the options of the source (node infra/build/readme-tables.ts writes them)', () => {
    expect(readme).toBe(withTables(readme));
    for (const { code, text } of Object.values(failures)) {
      expect(readme.split('
').some((line) => line.startsWith(`| ${code} |`) && line.includes(text))).toBe(true);
    }
    for (const { long } of deliveryOptions) expect(readme).toContain(`\`--${long}\``);
  });

  it('names no npm script that is not there', () => {
    const scripts = JSON.stringify(JSON.parse(readFileSync(`${root}package.json`, 'utf8')));
    const named = [...readme.matchAll(/npm (?:run )?([a-z][a-z:-]*)/g)].map(([, name]) => name ?? '');
    expect(named.filter((name) => !['ci', 'install'].includes(name) && !scripts.includes(`"${name}":`))).toEqual([]);
  });

  it('links to no file that is not there', async () => {
    const { existsSync } = await import('node:fs');
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => path ?? '');
    expect(links.filter((path) => !existsSync(root + path))).toEqual([]);
  });
});
