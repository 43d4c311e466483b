/** Wrong settings, tokens and URLs: nothing is bounced for them, an alarm goes off, and mail goes on when they are mended. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readSettings } from '../../functions/ses2gs/settings.ts';
import { names } from '../../infra/local/cloud.ts';
import type { GroupServer } from '../../infra/local/group-server/group-server.ts';
import { type CloudFunction, startCloudFunction } from './cloud-function.ts';

let ses2gs: CloudFunction;
let server: GroupServer;

beforeAll(async () => {
  ses2gs = await startCloudFunction();
  const [site] = ses2gs.sites;
  if (!site) throw new Error('a site was asked for');
  server = site.server;
});
beforeEach(() => {
  ses2gs.reset();
  server.token = 'theValueOfTheToken';
  setConfig('theValueOfTheToken');
});
afterAll(() => ses2gs.stop());

const hour = 3_600_000;
const done = [{ batchItemFailures: [] }];
const failed = [{ batchItemFailures: [{ itemIdentifier: expect.any(String) as unknown }] }];
const alarm = expect.objectContaining({ ConfigurationError: 1, service: 'ses2gs' }) as unknown;

function setConfig(token: string): void {
  const value = `[config-default]\nwebservice = default\n\n[webservice-default]\ntoken = ${token}\n`;
  ses2gs.cloud.parameters.set(names.configParameter, { type: 'SecureString', value, version: 1 });
  ses2gs.cloud.secrets.set(names.configSecret, value);
}

describe('a token that the server refuses', () => {
  it('defers, alarms, and bounces nothing even when the time is over', async () => {
    ses2gs.environment({ SMTP2GS_EXPIRY_ACTION: 'bounce' });
    server.token = 'anotherToken';
    expect((await ses2gs.receive()).answers).toEqual(failed);
    expect(ses2gs.output()).toContainEqual(alarm);
    ses2gs.reset();
    server.token = 'anotherToken';
    expect((await ses2gs.receive({ age: 21 * hour })).answers).toEqual(done);
    expect(ses2gs.parked()).toHaveLength(1);
    expect(ses2gs.cloud.ses.bounces()).toEqual([]);
  });

  it.each(['parameter', 'secret'])(
    'is fetched anew from the %s, and the mail delivered in the same invocation',
    async (place) => {
      const secret = { SMTP2GS_CONFIG_SECRET: names.configSecret, SMTP2GS_CONFIG_PARAMETER: undefined };
      ses2gs.environment(place === 'secret' ? secret : {});
      expect((await ses2gs.receive()).answers).toEqual(done);
      server.token = 'theNewToken';
      setConfig('theNewToken');
      expect((await ses2gs.receive()).answers).toEqual(done);
      expect(server.posts).toHaveLength(2);
    },
  );

  it.each([401, 403])('with HTTP status %i is fetched anew too', async (status) => {
    await ses2gs.receive();
    setConfig(`theTokenAfter${status}`);
    server.token = `theTokenAfter${status}`;
    server.faults.next({ kind: 'status', status });
    expect((await ses2gs.receive()).answers).toEqual(done);
  });
});

describe('a site that answers like no GroupServer', () => {
  it.each([
    ['a redirect to elsewhere', { kind: 'redirect', status: 302, location: 'https://elsewhere.example.com/' }],
    ['page not found', { kind: 'status', status: 404 }],
    ['a login page', { kind: 'body', body: '<html><form>Log in</form></html>' }],
  ] as const)('with %s alarms', async (_, fault) => {
    server.faults.always(fault);
    expect((await ses2gs.receive()).answers).toEqual(failed);
    expect(ses2gs.output()).toContainEqual(alarm);
  });

  it.each([429, 500, 502, 503])('with HTTP status %i is only down: no alarm', async (status) => {
    server.faults.always({ kind: 'status', status });
    expect((await ses2gs.receive()).answers).toEqual(failed);
    expect(ses2gs.output()).not.toContainEqual(alarm);
  });
});

describe('an environment that is wrong', () => {
  it.each<[string, Record<string, string | undefined>]>([
    ['without sites', { SMTP2GS_SITES: undefined }],
    ['with sites that are no JSON', { SMTP2GS_SITES: '{' }],
    ['with a site that has no host', { SMTP2GS_SITES: '{"groups.example.com": {"url": "https://"}}' }],
    ['without a configuration', { SMTP2GS_CONFIG_PARAMETER: undefined }],
    ['with a parameter that does not exist', { SMTP2GS_CONFIG_PARAMETER: '/nowhere' }],
    [
      'with an instance that gsconfig.ini does not have',
      { SMTP2GS_SITES: '{"groups.example.com": {"url": "https://x.example.com", "instance": "other"}}' },
    ],
    ['with a number that is none', { SMTP2GS_MAX_SIZE_MIB: 'forty' }],
    ['with a choice that is none', { SMTP2GS_EXPIRY_ACTION: 'explode' }],
  ])('%s defers and alarms', async (_, variables) => {
    ses2gs.environment(variables);
    expect((await ses2gs.receive()).answers).toEqual(failed);
    expect(ses2gs.output()).toContainEqual(alarm);
    expect(ses2gs.hiddenFor()).toBeLessThanOrEqual(72);
    ses2gs.environment();
    expect(await ses2gs.workAgain()).toEqual(done);
  });

  it('parks a mail whose time is over, since the queue would delete it one day', async () => {
    ses2gs.environment({ SMTP2GS_LEDGER_TABLE: undefined });
    expect((await ses2gs.receive({ age: 21 * hour })).answers).toEqual(done);
    expect(ses2gs.parked()).toHaveLength(1);
  });

  it('without the queue to park in keeps the mail in the other', async () => {
    ses2gs.environment({ SMTP2GS_PARK_QUEUE_URL: undefined });
    ses2gs.enqueue('no JSON');
    expect(await ses2gs.work()).toEqual(failed);
  });
});

describe('a permission that is missing', () => {
  it.each([
    ['s3', 'GetObject'],
    ['dynamodb', 'PutItem'],
    ['ssm', 'GetParameter'],
  ] as const)('for %s %s defers and alarms', async (service, operation) => {
    ses2gs.environment(service === 'ssm' ? { SMTP2GS_CONFIG_PARAMETER: '/not/asked/for' } : {});
    ses2gs.cloud.faults.always(service, { operation, code: 'AccessDeniedException' });
    expect((await ses2gs.receive()).answers).toEqual(failed);
    expect(ses2gs.output()).toContainEqual(alarm);
  });
});

describe('a service that is in trouble', () => {
  it('with the configuration defers, and alarms nobody', async () => {
    ses2gs.environment({ SMTP2GS_CONFIG_PARAMETER: '/not/asked/for/yet' });
    ses2gs.cloud.faults.always('ssm', { operation: 'GetParameter', code: 'InternalServerError', status: 500 });
    expect((await ses2gs.receive()).answers).toEqual(failed);
    expect(ses2gs.output()).not.toContainEqual(alarm);
  });
});

describe('settings', () => {
  const environment = {
    SMTP2GS_SITES: '{"Groups.Example.com": {"url": "https://groups.example.com"}}',
    SMTP2GS_CONFIG_PARAMETER: '/smtp2gs/gsconfig.ini',
    SMTP2GS_BUCKET: 'bucket',
    SMTP2GS_LEDGER_TABLE: 'table',
    SMTP2GS_BOUNCE_SENDER: 'mailer-daemon@groups.example.com',
  };

  it('have defaults for all that has a good one', () => {
    expect(readSettings(environment)).toEqual({
      sites: new Map([['groups.example.com', { url: 'https://groups.example.com', instance: 'default' }]]),
      config: { service: 'ssm', name: '/smtp2gs/gsconfig.ini' },
      bucket: 'bucket',
      prefix: 'inbound/',
      ledgerTable: 'table',
      bounceSender: 'mailer-daemon@groups.example.com',
      expiryAction: 'park',
      spamAction: 'quarantine',
      maxSize: 40 * 1024 * 1024,
      timeSource: 'server',
      timeout: 120_000,
    });
  });

  it.each(Object.keys(environment))('name %s when it is missing', (name) => {
    expect(() => readSettings({ ...environment, [name]: '' })).toThrow(name);
  });
});
