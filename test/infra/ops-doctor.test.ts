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
/** Expects that one thing is found and everything else is well. */
const expectOnly = async (finding: RegExp, remedy: RegExp) => {
  const { exit, lines } = await doctor();
  const found = lines.filter((line) => line.startsWith('✗')).slice(0, -1);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(finding);
  expect(lines.find((line) => line.startsWith('    → '))).toMatch(remedy);
  expect({ exit, end: lines.at(-1) }).toEqual({ exit: 1, end: '✗ 1 of 14 checks found something.' });
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

describe('it finds, by itself, that', () => {
  const parameter = (value: string) =>
    account.cloud.parameters.set(names.configParameter, { type: 'SecureString', value, version: 2 });

  test.each<[string, () => unknown, RegExp, RegExp]>([
    [
      'GroupServer is down',
      () => groupServer.offline(),
      /GroupServer of groups.example.com: .*ECONNREFUSED/,
      /is the site up/,
    ],
    [
      'the token is wrong',
      () => (groupServer.token = 'other'),
      /GroupServer of .* is the token right\?/,
      /compare URL and token/,
    ],
    [
      'the domain is not verified',
      () => verify('mailer-daemon@groups.example.com'),
      /identity groups\.example\.com: SES knows no such identity in us-east-1/,
      /aws sesv2 create-email-identity/,
    ],
    ['SES may not store mail', () => (policy = undefined), /bucket policy: SES may not store mail/, /sam deploy/],
    [
      'the policy is for another prefix',
      () => (policy = policyFor('arn:aws:s3:::smtp2gs-mail/other/*')),
      /bucket policy: SES may not store mail/,
      /sam deploy/,
    ],
    [
      'no rule set is active',
      () => (account.cloud.ses.rules.active = undefined),
      /active rule set: no rule set is active/,
      /npm run activate -- --stack smtp2gs --region us-east-1/,
    ],
    [
      'the rule is switched off',
      () => rule({ enabled: false }),
      /receipt rule: rule smtp2gs is switched off/,
      /sam deploy/,
    ],
    [
      'the rule takes mail for others',
      () => rule({ recipients: ['example.org'] }),
      /does not take mail for groups\.example\.com/,
      /sam deploy/,
    ],
    [
      'the rule stores mail elsewhere',
      () => rule({ bucket: 'theirs' }),
      /does not store mail in smtp2gs-mail/,
      /sam deploy/,
    ],
    [
      'the rule stores mail under another name',
      () => rule({ prefix: '' }),
      /stores mail below "", not inbound\//,
      /sam deploy/,
    ],
    [
      'the rule announces mail to others',
      () => rule({ topicArn: 'arn:aws:sns:us-east-1:1:x' }),
      /does not announce mail to the topic/,
      /sam deploy/,
    ],
    [
      'the visibility timeout is short',
      () => account.cloud.mailQueue.setAttributes({ VisibilityTimeout: '1079' }),
      /queue: the visibility timeout of 1079 s is below 6 × the function's 180 s/,
      /sam deploy/,
    ],
    [
      'what is given up goes nowhere',
      () => account.cloud.mailQueue.setAttributes({ RedrivePolicy: '' }),
      /queue: what it gives up does not go to the ParkQueue/,
      /sam deploy/,
    ],
    [
      'parked mail would be gone at once',
      () => account.cloud.parkQueue.setAttributes({ MessageRetentionPeriod: '345600' }),
      /queue: it keeps mail as long as the ParkQueue/,
      /sam deploy/,
    ],
    [
      'deliveries are paused',
      () => (account.lambda.states = ['Disabled']),
      /deliveries: the event source mapping is Disabled/,
      /npm run resume/,
    ],
    [
      'failed mail would be lost',
      () => (account.lambda.mapping = { FunctionResponseTypes: [] }),
      /deliveries: .* does not ask which mail failed/,
      /sam deploy/,
    ],
    [
      'the function failed',
      () => (account.lambda.configuration = { State: 'Failed', StateReason: 'no image', Timeout: 180 }),
      /function: is Failed: no image/,
      /console of Lambda/,
    ],
    ['mail is parked', () => account.cloud.parkQueue.send('x'), /parked mail: 1 parked mail/, /npm run redrive/],
    [
      'notifications were not brought',
      () => account.cloud.undeliveredNoticeQueue.send('x'),
      /undelivered notifications: 1 notification/,
      /npm run redrive -- --undelivered/,
    ],
    [
      'there is no MX record',
      () => (dns.records = []),
      /MX record of groups\.example\.com: there is none/,
      /IN MX 10 inbound-smtp/,
    ],
    [
      'the MX record is another',
      () => (dns.records = ['mx.example.com']),
      /MX record of .*: names mx\.example\.com$/,
      /IN MX 10 inbound-smtp/,
    ],
    [
      'there are two MX records',
      () => (dns.records = ['MX.example.com', ses.toUpperCase()]),
      /names mx\.example\.com as well/,
      /remove the others/,
    ],
    ['DNS fails', () => (dns.records = undefined), /DNS does not answer \(ESERVFAIL\)/, /--dns-server/],
    [
      'a right is missing',
      () => account.cloud.faults.next('ses', { ...denied, operation: 'DescribeReceiptRuleSet' }),
      /receipt rule: These credentials lack a right: You may not\./,
      /mend that/,
    ],
  ])('%s', async (_what, spoil, finding, remedy) => {
    await spoil();
    await expectOnly(finding, remedy);
  });

  test('the configuration is missing, or wrong: then GroupServer is not asked', async () => {
    account.cloud.parameters.clear();
    const missing = (await doctor()).lines.join('\n');
    expect(missing).toContain(
      '✗ configuration, instance default: /smtp2gs/gsconfig.ini: not there\n    → store the text of gsconfig.ini there',
    );
    expect(missing).toContain('✗ GroupServer of groups.example.com: not asked, since its token is not known');
    parameter(`[webservice-default]\nTOKEN ${token}\n`);
    expect((await doctor()).lines.join('\n')).toMatch(
      /✗ configuration, instance default: .*gsconfig\.ini: line 2 is neither/,
    );
    expect(groupServer.requests).toEqual([]);
  });
});

const denied = { code: 'AccessDenied', status: 403, message: 'You may not.' };

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
