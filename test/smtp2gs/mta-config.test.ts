/**
 * `smtp2gs mta-config`: that it prints the texts of infra/mta, which the suites of the mail systems run, with everything
 * filled in, and nothing that a mail system would take for something else.
 */
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { artefacts, installCommand } from './installed-command.ts';
import { matching } from './matching.ts';

const command = installCommand();
afterAll(() => command.remove());

const folder = new URL('../../infra/mta/', import.meta.url).pathname;
const names = readdirSync(folder).map((name) => name.replace(/\.txt$/, ''));
const site = 'https://groups.example.com';

describe.each(artefacts)('mta-config of %s', (artefact) => {
  const print = (...args: string[]) => command.run(artefact, { args: ['mta-config', ...args], input: '' });
  const program = command
    .words(artefact)
    .map((word) => realpathSync(word))
    .join(' ');

  it.each(names)('prints the text for %s, with the program and the site in it', async (name) => {
    const { exit, stdout, stderr } = await print(name, site);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    const text = readFileSync(join(folder, `${name}.txt`), 'utf8')
      .replaceAll('@PROGRAM@', () => program)
      .replaceAll('@URL@', site)
      .replaceAll('@DOMAIN@', 'groups.example.com')
      .replaceAll('@USER@', 'smtp2gs');
    expect(stdout).toBe(text);
    expect(stdout).not.toMatch(/@[A-Z]+@/);
    expect(stdout).toMatch(/\/smtp2gs/);
  });

  it('takes another domain, user and program', async () => {
    const options = ['--domain=lists.example.org', '--user=mail', '--program=/opt/smtp2gs --config=/x'];
    const { exit, stdout } = await print('postfix', 'http://127.0.0.1:8080', ...options);
    expect(exit).toBe(0);
    expect(stdout).toContain('argv=/opt/smtp2gs --config=/x --recipient=');
    expect(stdout).toContain(' http://127.0.0.1:8080\n');
    expect(stdout).toContain('user=mail ');
    expect(stdout).toContain('relay_domains = lists.example.org\n');
  });

  it.each([
    [['postfix'], /name a mail system and a URL/],
    [['courier', site], /courier.*postfix/],
    [['postfix', site, 'more'], /name a mail system/],
    [['postfix', `${site}/$HOME`], /URL has characters/],
    [['postfix', `${site}/a b`], /URL has characters/],
    [['postfix', '--user=a;b', site], /user has characters/],
    [['postfix', '--domain=a"b', site], /domain has characters/],
    [['postfix', '--program=/a$b', site], /program has characters/],
    [['postfix', '--domain=a\nb', site], /domain has characters/],
  ])('refuses %j', async (args, says) => {
    expect(await print(...args)).toMatchObject({ exit: 64, stdout: '', stderr: matching(says) });
  });

  it('refuses a URL that is none', async () => {
    expect(await print('postfix', 'groups.example.com')).toMatchObject({
      exit: 75,
      stdout: '',
      stderr: matching(/URL/),
    });
  });

  it('lists the mail systems in its help', async () => {
    const { stdout } = await print('--help');
    expect(stdout).toContain(names.toSorted().join('|'));
  });
});
