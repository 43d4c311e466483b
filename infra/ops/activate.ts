/**
 * `npm run activate`: makes the stack's receipt rule set the active one. SES keeps one set active in an account and
 * region, so a set of somebody else is never displaced: then it says how the rule gets into that set instead.
 */
import {
  DescribeActiveReceiptRuleSetCommand,
  DescribeReceiptRuleSetCommand,
  type ReceiptRule,
  type SESClient,
  SetActiveReceiptRuleSetCommand,
} from '@aws-sdk/client-ses';
import { sesClient } from './aws-clients.ts';
import { type Context, type Outcome, runCommand } from './command.ts';
import { counted } from './counted.ts';
import { Failure } from './failure.ts';

await runCommand({
  name: 'activate',
  text: `Makes the stack's receipt rule set the active one, so that SES takes mail in.
SES keeps one set active in an account and region. If another one is, this
command refuses, and says how to put the rule into that set instead.`,
  options: [],
  isChange: true,
  run: activate,
});

async function activate({ stack, isMeant, out }: Context): Promise<Outcome> {
  const ses = sesClient(stack.region);
  const ruleSet = stack.output('RuleSetName');
  const active = await activeRuleSet(ses);
  const found = { ruleSet, active: active?.name ?? null };
  if (active?.name === ruleSet) {
    out.marked('✓', 'green', `Rule set ${ruleSet} is active already.`);
    return { isWell: true, result: { ...found, outcome: 'active-already' } };
  }
  if (active) {
    out.marked(
      '✗',
      'red',
      `Rule set ${active.name} is active in ${stack.region}. It has ${counted(active.rules.length, 'rule')}, which activating ${ruleSet} would switch off: refused.`,
    );
    for (const { Name, Recipients = [] } of active.rules)
      out.line(`    ${Name}: ${Recipients.join(', ') || 'every verified domain'}`);
    out.line('  Put the rule into that set instead: write this under parameter_overrides in samconfig.toml,');
    out.line(`    "ExistingRuleSet=${active.name}",`);
    out.line('  and deploy again (sam build && sam deploy). The rule is live as soon as that is done.');
    return {
      isWell: false,
      result: { ...found, outcome: 'refused', remedy: `deploy with ExistingRuleSet=${active.name}` },
    };
  }
  const rule = await ownRule(ses, ruleSet, stack.output('RuleName'));
  const domains = rule.Recipients?.join(', ') || 'every verified domain';
  if (!isMeant) {
    out.line(
      `No rule set is active in ${stack.region}. ${ruleSet} would be, and SES would take in mail for ${domains}.`,
    );
    out.line('Dry run: nothing was changed. Add --yes to do it.', 'bold');
    return { isWell: true, result: { ...found, outcome: 'would-activate' } };
  }
  await ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: ruleSet }));
  const now = (await activeRuleSet(ses))?.name;
  if (now !== ruleSet)
    throw new Failure(`SES now says that ${now ?? 'no rule set'} is active: is somebody else at it?`);
  out.marked('✓', 'green', `Rule set ${ruleSet} is active: SES takes in mail for ${domains}.`);
  out.line(`  MX record: ${stack.output('MxRecord')}`);
  return { isWell: true, result: { ...found, active: now, outcome: 'activated' } };
}

async function activeRuleSet(ses: SESClient): Promise<{ name: string; rules: readonly ReceiptRule[] } | undefined> {
  const { Metadata, Rules = [] } = await ses.send(new DescribeActiveReceiptRuleSetCommand({}));
  return Metadata?.Name === undefined ? undefined : { name: Metadata.Name, rules: Rules };
}

/** A set without the rule would take no mail in, and keep others from noticing. */
async function ownRule(ses: SESClient, ruleSet: string, ruleName: string): Promise<ReceiptRule> {
  try {
    const { Rules = [] } = await ses.send(new DescribeReceiptRuleSetCommand({ RuleSetName: ruleSet }));
    const rule = Rules.find(({ Name }) => Name === ruleName);
    if (rule?.Enabled) return rule;
    throw new Failure(
      `Rule ${ruleName} in rule set ${ruleSet} is ${rule ? 'switched off' : 'not there'}: sam deploy puts it right.`,
    );
  } catch (error) {
    if (!(error instanceof Error) || !error.name.startsWith('RuleSetDoesNotExist')) throw error;
    throw new Failure(`Rule set ${ruleSet} does not exist: sam deploy makes it.`, { cause: error });
  }
}
