/**
 * Asserts on the SAM template what cfn-lint cannot, for the smallest and the fullest set of parameters; and breaks the
 * template in memory, once for each way that a rule must notice, so that no rule can be one that never fails.
 */
import { describe, expect, it } from 'vitest';
import { emittedMetrics, variablesRead } from './template-code.ts';
import { fullest, smallest } from './template-parameters.ts';
import { at, entries, readTemplate } from './template-read.ts';
import { properties, resolveTemplate, type Stack } from './template-resolve.ts';
import { broken } from './template-rule.ts';
import { templateRules } from './template-rules.ts';
import { permissions } from './template-rules-access.ts';
import { metricRule } from './template-rules-alarms.ts';

const template = readTemplate();

const rules = templateRules(await emittedMetrics());

describe('the template', () => {
  for (const rule of rules) {
    it(rule.says, () => {
      expect(rule.problems(resolveTemplate(template, smallest))).toEqual([]);
      expect(rule.problems(resolveTemplate(template, fullest))).toEqual([]);
    });
    for (const [what, path, instead] of rule.noticed) {
      it(`… and the test would notice ${what}`, () => {
        const stack = resolveTemplate(broken(template, path, instead), smallest);
        expect(rule.problems(stack)).not.toEqual([]);
      });
    }
  }

  it('… and the test would notice a metric that nobody shows', () => {
    const more = metricRule(['Delivered', 'NewMetric']);
    expect(more.problems(resolveTemplate(template, smallest))).toContain('nobody sees NewMetric');
  });

  it.skipIf(variablesRead().length === 0)('sets every variable that the code reads, and no other', () => {
    const set = [smallest, fullest].flatMap((parameters) =>
      entries(at(properties(resolveTemplate(template, parameters), 'Ses2gs'), 'Environment', 'Variables')).map(
        ([name]) => name,
      ),
    );
    expect([...new Set(set)].toSorted()).toEqual(variablesRead().toSorted());
  });

  it('allows the function what its work needs and nothing else', () => {
    const queue = '<MailQueue.Arn>';
    expect(permissions(resolveTemplate(template, smallest)).sort()).toEqual(
      [
        's3:GetObject on <MailBucket.Arn>/inbound/*',
        's3:GetObject on <MailBucket.Arn>/quarantine/*',
        's3:PutObject on <MailBucket.Arn>/quarantine/*',
        's3:ListBucket on <MailBucket.Arn>',
        ...['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes', 'ChangeMessageVisibility', 'SendMessage'].map(
          (action) => `sqs:${action} on ${queue}`,
        ),
        'sqs:SendMessage on <ParkQueue.Arn>',
        ...['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'].map(
          (action) => `dynamodb:${action} on <LedgerTable.Arn>`,
        ),
        'ses:SendBounce on arn:aws:ses:us-east-1:111122223333:identity/groups.example.com',
        'ssm:GetParameter on arn:aws:ssm:us-east-1:111122223333:parameter/smtp2gs/gsconfig.ini',
        'logs:CreateLogStream on <Ses2gsLogs.Arn>',
        'logs:PutLogEvents on <Ses2gsLogs.Arn>',
      ].sort(),
    );
  });

  it('reads the secret in place of the parameter, and decrypts with the key given, when they are given', () => {
    const allowed = permissions(resolveTemplate(template, fullest));
    expect(allowed).toContain(`secretsmanager:GetSecretValue on ${fullest.ConfigSecretArn}`);
    expect(allowed).toContain(`kms:Decrypt on ${fullest.ConfigKeyArn}`);
    expect(allowed).toContain('ses:SendBounce on arn:aws:ses:us-east-1:111122223333:identity/example.com');
    expect(allowed.filter((permission) => permission.startsWith('ssm:'))).toEqual([]);
  });

  it('asks for the network permissions, the only ones on every resource, inside a VPC alone', () => {
    const wide = (stack: Stack) => permissions(stack).filter((permission) => permission.endsWith(' on *'));
    expect(wide(resolveTemplate(template, smallest))).toEqual([]);
    expect(wide(resolveTemplate(template, fullest)).every((permission) => permission.startsWith('ec2:'))).toBe(true);
    expect(wide(resolveTemplate(template, fullest))).toHaveLength(6);
  });

  it('binds bucket and topic to the rule inside an existing set, and then makes no set', () => {
    const stack = resolveTemplate(template, fullest);
    expect(stack.resources.map(({ id }) => id)).not.toContain('ReceiptRuleSet');
    const rule = 'arn:aws:ses:us-east-1:111122223333:receipt-rule-set/company:receipt-rule/smtp2gs';
    for (const policy of ['MailBucketPolicy', 'MailTopicPolicy']) {
      expect(JSON.stringify(stack.resources.find(({ id }) => id === policy))).toContain(rule);
    }
  });
});
