/**
 * doctor: a healthy stack passes, and each thing that can be wrong is found, by itself, with its remedy. GroupServer is
 * the reference one on a socket, the DNS server a small one on a socket.
 */
import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { names } from '../../infra/local/deployed-stack.ts';
import { type GroupServer, startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { listen } from '../../infra/local/listen.ts';
import { at } from '../../infra/ops/json.ts';
import { type Account, openAccount } from './ops-account.ts';
import { type Dns, startDns } from './ops-dns.ts';
import { ops, opsJson } from './ops-run.ts';

const token = 'theValueOfTheToken';
const config = `[webservice-default]\ntoken = ${token}\n`;
const ses = 'inbound-smtp.us-east-1.amazonaws.com';

let account: Account;
let groupServer: GroupServer;
let dns: Dns;
let policy: object | undefined;
let s3: { port: number; stop(): Promise<void> };

beforeEach(async () => {
  groupServer = await startGroupServer({ token });
  const sites = JSON.stringify({ 'groups.example.com': { url: groupServer.url } });
  account = await openAccount({ config, sites });
  dns = await startDns([ses]);
  policy = policyFor(`arn:aws:s3:::${names.bucket}/inbound/*`);
  s3 = await listen(policyServer());
});
afterEach(async () => {
  await Promise.all([account.stop(), groupServer.stop(), dns.stop(), s3.stop()]);
});

const policyFor = (...Resource: string[]) => {
  const Principal = { Service: 'ses.amazonaws.com' };
  return {
    Statement: [
      { Effect: 'Deny', Principal: '*' },
      { Effect: 'Allow', Principal, Action: 's3:PutObject', Resource },
    ],
  };
};

/** The local stack has no bucket policies. */
const policyServer = (): Server =>
  createServer((_request, response) => {
    response.writeHead(policy ? 200 : 404, { 'content-type': policy ? 'application/json' : 'application/xml' });
    response.end(
      policy ? JSON.stringify(policy) : '<Error><Code>NoSuchBucketPolicy</Code><Message>none</Message></Error>',
    );
  });

const environment = () => ({ ...account.env, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${s3.port}` });
const doctor = async () => {
  const { exit, stdout, stderr } = await ops('doctor', ['--dns-server', dns.address], environment());
  expect(stdout + stderr).not.toContain(token);
  return { exit, lines: stdout.trim().split('\n') };
};
test('a healthy stack passes every check, one line each', async () => {
  const { exit, lines } = await doctor();
  expect(lines.filter((line) => !line.startsWith('✓'))).toEqual(['']);
  expect({ exit, end: lines.at(-1) }).toEqual({ exit: 0, end: '✓ All 14 checks are well.' });
  expect(groupServer.posts).toEqual([]);
});

test('as JSON each check has its name, its finding and its remedy', async () => {
  groupServer.token = 'another';
  const { exit, document } = await opsJson('doctor', ['--dns-server', dns.address], environment());
  expect({ exit, document }).toMatchObject({
    exit: 1,
    document: { isWell: false, stack: 'smtp2gs', region: 'us-east-1' },
  });
  const checks = at(document, 'checks');
  expect(checks).toContainEqual({ name: 'active rule set', isWell: true, text: 'smtp2gs is active' });
  expect(checks).toContainEqual({
    name: 'GroupServer of groups.example.com',
    isWell: false,
    text: `The group server did not accept the request: POST /gs-group-messages-add-group-exists.html to 127.0.0.1:${groupServer.port}: the form was refused, see Token; is the token right?`,
    remedy: 'compare URL and token with those of the site; the token of instance default is in /smtp2gs/gsconfig.ini',
  });
});

/** Something that is wrong: how it comes about, and what is said of it and to be done about it. */
type Trouble = readonly [spoil: () => unknown, finding: RegExp, remedy: RegExp];

const mail = (attributes: Record<string, string>) => account.cloud.mailQueue.setAttributes(attributes);
const park = (attributes: Record<string, string>) => account.cloud.parkQueue.setAttributes(attributes);
const redeploy = /^ {4}→ somebody changed it: sam deploy puts it back$/;
const mxRecord = /→ set it, last of all: groups\.example\.com\. IN MX 10 inbound-smtp\.us-east-1\.amazonaws\.com\.$/;

/** One trouble of a check at a time, in the order of the checks; several at once save processes. */
const rounds: readonly (readonly Trouble[])[] = [
  [
    [() => groupServer.offline(), /^✗ GroupServer of groups\.example\.com: .*ECONNREFUSED/, /is the site up/],
    [() => (policy = undefined), /^✗ bucket policy: SES may not store mail/, redeploy],
    [() => rule({ enabled: false }), /^✗ receipt rule: rule smtp2gs is switched off$/, redeploy],
    [
      () => deactivate(),
      /^✗ active rule set: no .* is active/,
      /npm run activate -- --stack smtp2gs --region us-east-1$/,
    ],
    [() => mail({ VisibilityTimeout: '1079' }), /^✗ queue: .* 1079 s is below 6 × the function's 180 s/, redeploy],
    [() => (account.lambda.states = ['Disabled']), /^✗ deliveries: .* mapping is Disabled; 0 mails/, /npm run resume$/],
    [() => account.cloud.parkQueue.send('x'), /^✗ parked mail: 1 parked mail$/, /npm run redrive shows why$/],
    [() => (dns.records = []), /^✗ MX record of groups\.example\.com: there is none$/, mxRecord],
  ],
  [
    [() => (groupServer.token = 'other'), /^✗ GroupServer of .* is the token right\?$/, /compare URL and token/],
    [() => (policy = policyFor('arn:aws:s3:::smtp2gs-mail/x/*')), /^✗ bucket policy: SES may not/, redeploy],
    [
      () => rule({ recipients: ['example.org'] }),
      /rule smtp2gs does not take mail for groups\.example\.com$/,
      redeploy,
    ],
    [() => activateAnother(), /^✗ active rule set: theirs is active, not smtp2gs/, /says how to put the rule into it$/],
    [() => mail({ RedrivePolicy: '' }), /^✗ queue: what it gives up does not go to the ParkQueue$/, redeploy],
    [() => (account.lambda.mapping = { FunctionResponseTypes: [] }), /^✗ deliveries: .*which mail failed/, redeploy],
    [() => account.cloud.undeliveredNoticeQueue.send('x'), /^✗ undelivered notifications: 1 not/, /-- --undelivered$/],
    [() => (dns.records = ['mx.example.com']), /^✗ MX record of .*: names mx\.example\.com$/, mxRecord],
  ],
  [
    [() => verify('mailer-daemon@groups.example.com'), /^✗ identity .*: SES knows no such/, /create-email-identity/],
    [() => rule({ bucket: 'theirs' }), /^✗ receipt rule: rule smtp2gs does not store mail in smtp2gs-mail$/, redeploy],
    [() => park({ MessageRetentionPeriod: '345600' }), /^✗ queue: it keeps mail as long as the ParkQueue/, redeploy],
    [() => (account.lambda.configuration = failed), /^✗ function: is Failed: no image$/, /console of Lambda$/],
    [() => (account.lambda.mapping = problem), /^✗ deliveries: PROBLEM: Function call failed$/, /log of the function$/],
    [
      () => (dns.records = ['MX.example.com', ses.toUpperCase()]),
      /names mx\.example\.com as well/,
      /remove the others$/,
    ],
  ],
  [
    [
      () => groupServer.faults.next({ kind: 'reset', when: 'after-body' }),
      /^✗ GroupServer .* The connection to the group server was lost/,
      /is the site up/,
    ],
    [() => rule({ prefix: '' }), /^✗ receipt rule: .* stores mail below "", not inbound\/$/, redeploy],
    [() => (dns.records = undefined), /^✗ MX .*: DNS does not answer \(ESERVFAIL\)$/, /--dns-server$/],
  ],
  [
    [
      () => rule({ topicArn: 'arn:aws:sns:us-east-1:1:x' }),
      /does not announce mail to the topic of the stack$/,
      redeploy,
    ],
  ],
  [[() => deny(), /^✗ receipt rule: These credentials lack a right: You may not\.$/, /mend that/]],
];

describe('it finds what is wrong, and only that, each with its remedy', () => {
  test.each(rounds.map((round, index) => [index + 1, round] as const))('round %i', async (_index, troubles) => {
    for (const [spoil] of troubles) await spoil();
    const { exit, lines } = await doctor();
    const found = lines.flatMap((line, index) =>
      line.startsWith('✗') ? [[line, lines[index + 1] ?? ''] as const] : [],
    );
    expect(found).toHaveLength(troubles.length + 1);
    for (const [index, [, finding, remedy]] of troubles.entries()) {
      expect(found[index]?.[0]).toMatch(finding);
      expect(found[index]?.[1]).toMatch(remedy);
    }
    const end = `✗ ${troubles.length} of 14 checks found something.`;
    expect({ exit, end: lines.at(-1) }).toEqual({ exit: 1, end });
  });
});

test('the configuration is missing, or wrong: then GroupServer is not asked', async () => {
  account.cloud.parameters.clear();
  const missing = (await doctor()).lines.join('\n');
  expect(missing).toContain(
    '✗ configuration, instance default: /smtp2gs/gsconfig.ini: not there\n    → store the text of gsconfig.ini there',
  );
  expect(missing).toContain('✗ GroupServer of groups.example.com: not asked, since its token is not known');
  account.cloud.parameters.set(names.configParameter, {
    type: 'SecureString',
    version: 2,
    value: `[webservice-default]\nTOKEN ${token}\n`,
  });
  expect((await doctor()).lines.join('\n')).toMatch(
    /✗ configuration, instance default: .*gsconfig\.ini: line 2 is neither/,
  );
  expect(groupServer.requests).toEqual([]);
});

const failed = { State: 'Failed', StateReason: 'no image', Timeout: 180 };
const problem = { LastProcessingResult: 'PROBLEM: Function call failed' };

function deny(): void {
  const fault = { operation: 'DescribeReceiptRuleSet', code: 'AccessDenied', status: 403, message: 'You may not.' };
  account.cloud.faults.next('ses', fault);
}

function deactivate(): void {
  account.cloud.ses.rules.active = undefined;
}

function activateAnother(): void {
  account.cloud.ses.rules.sets.set('theirs', []);
  account.cloud.ses.rules.active = 'theirs';
}

function verify(identity: string): void {
  account.cloud.ses.identities.clear();
  account.cloud.ses.identities.add(identity);
}

function rule(changes: object): void {
  const { rules } = account.cloud.ses;
  rules.sets.set(
    names.ruleSet,
    (rules.sets.get(names.ruleSet) ?? []).map((each) => ({ ...each, ...changes })),
  );
}
