/**
 * samconfig.toml against the template: the parameters it sets exist, fit and are all that must be set, and template_file
 * stands only where it does no harm. Reads the little TOML that the file uses; SAM itself reads it in `sam build`.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { at, entries, plain, readTemplate, text } from './template-read.ts';

const source = readFileSync(new URL('../../samconfig.toml', import.meta.url), 'utf8');
const parameters = at(readTemplate(), 'Parameters');

/** The names set under each `[section]`. */
const sections = new Map<string, string[]>(
  source
    .split(/^\[/m)
    .slice(1)
    .map((section) => [
      section.slice(0, section.indexOf(']')),
      [...section.matchAll(/^(\w+) = /gm)].map((match) => match[1] ?? ''),
    ]),
);

const sectionsWith = (name: string): string[] =>
  [...sections].filter(([, names]) => names.includes(name)).map(([section]) => section);

/** The parameter_overrides, without the quotes that TOML and SAM want around them. */
const overrides = new Map<string, string>(
  (source.split('parameter_overrides = [\n')[1] ?? '')
    .split('\n]')[0]
    ?.split('\n')
    .map((line) =>
      line
        .trim()
        .replace(/,$/, '')
        .replace(/^("|''')|("|''')$/g, '')
        .trim(),
    )
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1).replace(/^'|'$/g, '')]),
);

const fits = (name: string, value: string): boolean =>
  new RegExp(`^(?:${text(at(parameters, name, 'AllowedPattern'))})$`).test(value);

describe('samconfig.toml', () => {
  it('names the source template for build and validate only: deploy must take the built one', () => {
    expect(sectionsWith('template_file')).toEqual(['default.build.parameters', 'default.validate.parameters']);
    expect(source).toContain('template_file = "infra/template.yaml"');
  });

  it('sets every parameter that has no default, and none that does not exist', () => {
    const required = entries(parameters).filter(([, parameter]) => at(parameter, 'Default') === undefined);
    expect([...overrides.keys()].sort()).toEqual(required.map(([name]) => name).sort());
  });

  it('gives values that CloudFormation would take', () => {
    const values = [...overrides].flatMap(([name, value]) =>
      at(parameters, name, 'Type') === 'CommaDelimitedList'
        ? value.split(',').map((each) => [name, each])
        : [[name, value]],
    );
    expect(values.filter(([name = '', value = '']) => !fits(name, value))).toEqual([]);
  });

  it('has a site for each domain, as JSON', () => {
    const sites = plain(JSON.parse(overrides.get('Sites') ?? ''));
    expect(entries(sites).map(([domain]) => domain)).toEqual(overrides.get('RecipientDomains')?.split(','));
    for (const [, site] of entries(sites)) expect(Object.keys(site ?? {}).sort()).toEqual(['instance', 'url']);
  });

  it('asks before it changes anything, and for no more capability than an unnamed role needs', () => {
    expect(source).toContain('confirm_changeset = true');
    expect(source).toContain('capabilities = "CAPABILITY_IAM"');
  });
});

describe('the patterns of the parameters', () => {
  it.each([
    ['RecipientDomains', 'groups.example.com'],
    ['RecipientDomains', 'xn--bcher-kva.example'],
    ['Sites', '{"groups.example.com":{"url":"https://groups.example.com","instance":"default"}}'],
    ['BounceSender', 'mailer-daemon@groups.example.com'],
    ['ConfigParameter', '/smtp2gs/gsconfig.ini'],
    ['Name', 'smtp2gs-test'],
  ])('%s may be %s', (name, value) => {
    expect(fits(name, value)).toBe(true);
  });

  it.each([
    // An empty list of recipients would make SES take in mail for every verified domain.
    ['RecipientDomains', ''],
    ['RecipientDomains', ' groups.example.com'],
    ['RecipientDomains', 'Groups.Example.com'],
    ['RecipientDomains', 'localhost'],
    ['Sites', 'https://groups.example.com'],
    ['BounceSender', 'mailer-daemon'],
    ['ConfigParameter', 'gsconfig.ini'],
    ['ConfigSecretArn', 'theValueOfTheToken'],
    ['Name', 'Smtp2gs'],
    ['Name', 'a-name-that-makes-the-bucket-name-too-long'],
  ])('%s may not be "%s"', (name, value) => {
    expect(fits(name, value)).toBe(false);
  });
});
