/** The scripts that switch something: activate, pause, resume. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Account, openAccount } from './ops-account.ts';
import { interruptWhen, ops, opsJson } from './ops-run.ts';

let account: Account;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.stop());

test('activate says what it would do, does it when told, and is content when it is done', async () => {
  const { rules } = account.cloud.ses;
  rules.active = undefined;
  const dry = await ops('activate', [], account.env);
  expect(dry.stdout).toMatch(
    /SES would take in mail for groups\.example\.com\.\n.*Dry run: nothing was changed\. Add --yes/s,
  );
  expect({ exit: dry.exit, active: rules.active }).toEqual({ exit: 0, active: undefined });

  const done = await ops('activate', ['--yes'], account.env);
  expect(done.stdout).toContain('MX record: 10 inbound-smtp.us-east-1.amazonaws.com');
  expect({ exit: done.exit, active: rules.active }).toEqual({ exit: 0, active: 'smtp2gs' });

  const again = await opsJson('activate', ['--yes'], account.env);
  expect(again).toMatchObject({ exit: 0, document: { outcome: 'active-already', dryRun: false } });
});

test.each([[[]], [['--yes']]])(
  'activate %j displaces no other active set, and shows how to add the rule to it',
  async (words) => {
    const { rules } = account.cloud.ses;
    const theirs = {
      name: 'tickets',
      enabled: true,
      recipients: ['support.example.com'],
      bucket: 'b',
      prefix: '',
      topicArn: '',
    };
    rules.sets.set('theirs', [theirs]);
    rules.active = 'theirs';
    const { exit, stdout } = await ops('activate', words, account.env);
    expect({ exit, active: rules.active }).toEqual({ exit: 1, active: 'theirs' });
    expect(stdout).toContain('tickets: support.example.com');
    expect(stdout).toContain('"ExistingRuleSet=theirs",');
    const { document } = await opsJson('activate', words, account.env);
    expect(document).toMatchObject({
      outcome: 'refused',
      active: 'theirs',
      remedy: 'deploy with ExistingRuleSet=theirs',
    });
  },
);

test.each([
  [
    'the set is gone',
    () => account.cloud.ses.rules.sets.clear(),
    'Rule set smtp2gs does not exist: sam deploy makes it.\n',
  ],
  [
    'the rule is gone',
    () => account.cloud.ses.rules.sets.set('smtp2gs', []),
    'Rule smtp2gs in rule set smtp2gs is not there: sam deploy puts it right.\n',
  ],
])('activate refuses when %s', async (_what, spoil, message) => {
  account.cloud.ses.rules.active = undefined;
  spoil();
  const { exit, stderr } = await ops('activate', ['--yes'], account.env);
  expect({ exit, stderr, active: account.cloud.ses.rules.active }).toEqual({
    exit: 1,
    stderr: message,
    active: undefined,
  });
});

test('activate is patient with SES, which takes one call a second', async () => {
  account.cloud.ses.rules.active = undefined;
  account.cloud.faults.next('ses', { code: 'Throttling', message: 'Rate exceeded' }, 3);
  const { exit } = await ops('activate', ['--yes'], account.env);
  expect({ exit, active: account.cloud.ses.rules.active }).toEqual({ exit: 0, active: 'smtp2gs' });
});

test('pause is a dry run first, and tells how much mail waits', async () => {
  account.cloud.mailQueue.send('one');
  const { exit, stdout } = await ops('pause', [], account.env);
  expect(stdout).toMatch(/^Deliveries of smtp2gs would be paused; about 1 mail in the queue\.\nDry run/);
  expect({ exit, changes: account.lambda.changes }).toEqual({ exit: 0, changes: [] });
});

test('pause waits until Lambda has paused, also when Lambda is busy with an earlier change', async () => {
  account.lambda.inUse = 1;
  account.lambda.states = ['Enabled', 'Enabled', 'Disabling', 'Disabled'];
  const { exit, document } = await opsJson('pause', ['--yes'], account.env);
  expect({ exit, document }).toMatchObject({
    exit: 0,
    document: { before: 'Enabled', state: 'Disabled', outcome: 'paused' },
  });
  expect(account.lambda.changes).toEqual([{ Enabled: false }]);
  expect(account.lambda.states).toEqual(['Disabled']);
});

test('resume waits until deliveries run, and changes nothing when they do', async () => {
  account.lambda.states = ['Disabled', 'Enabling', 'Enabled'];
  const { exit, stdout } = await ops('resume', ['--yes'], account.env);
  expect(stdout).toContain('✓ Deliveries of smtp2gs are running; about 0 mails in the queue.');
  expect({ exit, changes: account.lambda.changes }).toEqual({ exit: 0, changes: [{ Enabled: true }] });

  expect(await opsJson('resume', ['--yes'], account.env)).toMatchObject({ exit: 0, document: { outcome: 'already' } });
  expect(account.lambda.changes).toHaveLength(1);
});

test('Ctrl-C ends the waiting, not the pausing', async () => {
  account.lambda.states = ['Enabled', 'Disabling'];
  const isAsked = () => account.lambda.changes.length > 0;
  const { exit, stderr } = await ops('pause', ['--yes'], account.env, interruptWhen(isAsked));
  expect({ exit, stderr }).toEqual({ exit: 130, stderr: 'Stopped.\n' });
  expect(account.lambda.changes).toEqual([{ Enabled: false }]);
});
