/** What all operator scripts have in common: help, options, exit statuses, errors in one line, JSON, colours. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deployedStack } from '../../infra/local/deployed-stack.ts';
import { at, textAt } from '../../infra/ops/json.ts';
import { type Account, openAccount } from './ops-account.ts';
import { environmentOf, type OpsCommand, ops, opsJson, run, scriptOf, shell } from './ops-run.ts';
import { readTemplate } from './template-read.ts';

const commands: OpsCommand[] = ['activate', 'redrive', 'replay', 'release', 'pause', 'resume', 'doctor'];
const escapeCharacter = '\u001b';

let account: Account;
beforeAll(async () => {
  account = await openAccount();
});
afterAll(() => account.stop());

test('every output and parameter that the scripts ask for is one of the template, and of the local stack where it is an output', () => {
  const folder = new URL('../../infra/ops/', import.meta.url);
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  const code = sources.map((path) => readFileSync(new URL(path, folder), 'utf8')).join('\n');
  const asked = (pattern: RegExp) => [...new Set([...code.matchAll(pattern)].map(([, name = '']) => name))];
  const outputs = asked(/(?:output|empty|attributesOf)\('(\w+)'/g);
  const parameters = asked(/parameter\('(\w+)'/g);
  expect(outputs.length).toBeGreaterThan(10);
  const template = readTemplate();
  expect(outputs.filter((name) => at(template, 'Outputs', name) === undefined)).toEqual([]);
  expect(parameters.filter((name) => at(template, 'Parameters', name) === undefined)).toEqual([]);
  const local = deployedStack('', [], '', '').outputs;
  expect(outputs.filter((name) => !(name in local))).toEqual([]);
});

test.concurrent.each(commands)('%s is an npm script, and shows its help without credentials', async (name) => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(textAt(manifest, 'scripts', name)).toContain(`node infra/ops/${name}.ts`);
  const { exit, stdout, stderr } = await ops(name, ['--help'], shell);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  expect(stdout).toMatch(new RegExp(`^Usage: npm run ${name} -- `));
  expect(stdout.includes('--yes')).toBe(name !== 'doctor');
});

describe.concurrent('a wrong command line ends with status 2 and asks AWS nothing', () => {
  test.each([
    ['redrive', ['--resaon', 'x'], /Unknown option '--resaon'; see npm run redrive -- --help/],
    ['redrive', ['--limit', '0'], /--limit must be a whole number/],
    ['redrive', ['--reason='], /--reason has an empty value/],
    ['activate', ['--stack'], /--stack/],
    ['doctor', ['--yes'], /Unknown option '--yes'/],
    ['doctor', ['--dns-server', 'ns.example.com'], /--dns-server must be an IP address/],
    ['replay', [], /give message ids, or --since a time/],
    ['replay', ['--since', 'yesterday'], /"yesterday" is no time/],
    ['replay', ['--since', '1h', '--recipient', 'a@example.com'], /--recipient goes with message ids/],
    ['replay', ['a1', '--recipient', 'nobody'], /"nobody" is no address/],
    ['release', ['a1', '--all'], /not both/],
    ['release', ['--yes'], /give the message ids to be released, or --all/],
  ] as const)('%s %j', async (name, words, message) => {
    const { exit, stdout, stderr } = await ops(name, words, shell);
    expect({ exit, stdout, lines: stderr.trim().split('\n').length }).toEqual({ exit: 2, stdout: '', lines: 1 });
    expect(stderr).toMatch(message);
  });
});

describe('what is wrong with AWS is said in one line, with status 1', () => {
  const one = async (env: Record<string, string>, words: string[] = []) => {
    const { exit, stdout, stderr } = await ops('pause', words, env);
    expect({ exit, stdout, lines: stderr.trim().split('\n').length }).toEqual({ exit: 1, stdout: '', lines: 1 });
    return stderr;
  };

  test('no credentials', async () => {
    expect(await one({ ...shell, AWS_ENDPOINT_URL: account.cloud.url })).toMatch(
      /^There are no AWS credentials: set AWS_PROFILE/,
    );
  });

  test('no such stack, in the region that was meant', async () => {
    const stderr = await one(account.env, ['--stack', 'other', '--region', 'eu-west-1']);
    expect(stderr).toBe('There is no stack other in eu-west-1; say which with --stack and --region.\n');
  });

  test('missing rights', async () => {
    const message =
      'User: arn:aws:iam::111122223333:user/ada is not authorized to perform: cloudformation:DescribeStacks';
    account.cloud.faults.next('cloudformation', { code: 'AccessDenied', status: 403, message });
    expect(await one(account.env)).toBe(`These credentials lack a right: ${message}\n`);
  });

  test('credentials that have run out', async () => {
    account.cloud.faults.next('cloudformation', {
      code: 'ExpiredToken',
      status: 403,
      message: 'The token has expired',
    });
    expect(await one(account.env)).toBe('AWS does not take these credentials (ExpiredToken): The token has expired\n');
  });

  test('nobody there', async () => {
    expect(await one(environmentOf('http://127.0.0.1:9'))).toMatch(
      /^AWS cannot be reached in us-east-1 \(ECONNREFUSED.*Is the region right\?\n$/,
    );
  });
});

test('stack and region come from samconfig.toml where nobody says them', async () => {
  const samconfig = readFileSync(new URL('../../samconfig.toml', import.meta.url), 'utf8');
  const value = (key: string) => new RegExp(`^${key} = "(.*)"`, 'm').exec(samconfig)?.[1];
  const { AWS_REGION: _region, ...env } = account.env;
  const { document } = await opsJson('activate', [], env);
  expect(document).toMatchObject({ stack: value('stack_name'), region: value('region') });
});

test('an error is JSON as well, when JSON is wanted', async () => {
  const { exit, document } = await opsJson('pause', ['--stack', 'other'], account.env);
  expect({ exit, document }).toEqual({
    exit: 1,
    document: { command: 'pause', error: 'There is no stack other in us-east-1; say which with --stack and --region.' },
  });
});

test('colours are for terminals', async () => {
  const { stdout } = await ops('activate', [], account.env);
  expect(stdout).toContain('✓ Rule set');
  expect(stdout).not.toContain(escapeCharacter);
});

test.skipIf(!existsSync('/usr/bin/script'))('a terminal gets colours', async () => {
  const words = ['-qec', `${process.execPath} ${scriptOf('activate')}`, '/dev/null'];
  const { stdout } = await run('/usr/bin/script', words, { ...account.env, TERM: 'xterm' });
  expect(stdout).toContain(`${escapeCharacter}[32m✓${escapeCharacter}[39m Rule set`);
});

test('text out of mails cannot steer the terminal', async () => {
  account.cloud.parkQueue.send(`no JSON ${escapeCharacter}[2J\u202e`);
  const { stdout } = await ops('redrive', [], account.env);
  expect(stdout).toContain('no JSON ?[2J?');
  expect(stdout).not.toContain(escapeCharacter);
  account.cloud.parkQueue.purge();
});
