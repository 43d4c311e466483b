/**
 * The SES service (API v1): receipt rule sets, verified identities, and bounces into a mailbox of the stack's own.
 * What SES knows of received mail comes from the ingress. No mail ever leaves the machine.
 */
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { AwsError } from './aws-error.ts';
import { openFileStore } from './file-store.ts';
import type { ReceivedMail } from './ses-dsn.ts';
import { createReceiptRules, type ReceiptRules, ruleView } from './ses-receipt-rules.ts';
import { type SentBounce, sendBounce } from './ses-send-bounce.ts';
import { type AwsService, members, queryService } from './wire.ts';

export interface Ses {
  service: AwsService;
  rules: ReceiptRules;
  /** The verified domains and addresses. */
  identities: Set<string>;
  /** Takes note of a mail that the ingress has accepted. */
  remember(mail: ReceivedMail): void;
  /** How many mails were ever accepted. */
  received(): number;
  /** The bounce mailbox, oldest first. */
  bounces(): readonly SentBounce[];
}

/** Starts the service. `bouncesPerSecond` is AWS's limit of 1 when left out; 0 means no limit. */
export function createSes(options: {
  clock: Clock;
  folder: string;
  region: string;
  identities: string[];
  bouncesPerSecond?: number;
}): Ses {
  const { clock, bouncesPerSecond = 1 } = options;
  const identities = new Set(options.identities);
  const verified = (address: string) =>
    identities.has(address) || identities.has(address.slice(address.lastIndexOf('@') + 1));
  const rules = createReceiptRules(verified);
  const received = openFileStore<ReceivedMail>(join(options.folder, 'received'));
  const originals = new Map(received.all().map((mail) => [mail.messageId, mail]));
  const mailbox = openFileStore<SentBounce>(join(options.folder, 'bounces'));
  const bounces = mailbox.all().toSorted((a, b) => a.sentAt - b.sentAt);
  let lastBounce = Number.NEGATIVE_INFINITY;

  const existing = (name: string) => {
    const set = rules.sets.get(name);
    if (!set) throw new AwsError('RuleSetDoesNotExist', `Rule set does not exist: ${name}`);
    return set;
  };
  const setView = (name: string) => ({
    Metadata: { Name: name, CreatedTimestamp: '2026-01-01T00:00:00.000Z' },
    Rules: existing(name).map(ruleView),
  });

  const service = queryService('http://ses.amazonaws.com/doc/2010-12-01/', {
    DescribeActiveReceiptRuleSet: () => (rules.active === undefined ? {} : setView(rules.active)),
    DescribeReceiptRuleSet: (form) => setView(form.get('RuleSetName') ?? ''),
    ListReceiptRuleSets: () => ({ RuleSets: [...rules.sets.keys()].map((name) => setView(name).Metadata) }),
    SetActiveReceiptRuleSet: (form) => {
      const name = form.get('RuleSetName') ?? undefined;
      if (name !== undefined) existing(name);
      rules.active = name;
      return {};
    },
    GetIdentityVerificationAttributes: (form) => {
      const asked = members(form, 'Identities').map((identity) => identity.get('') ?? '');
      const value = { VerificationStatus: 'Success' };
      const entry = asked.filter((identity) => identities.has(identity)).map((key) => ({ key, value }));
      return { VerificationAttributes: { entry } };
    },
    SendBounce: (form) => {
      // On real time: the limit protects AWS, and a turned clock must not hide a door that ignores it.
      const now = performance.now();
      if (bouncesPerSecond > 0 && now - lastBounce < 1000 / bouncesPerSecond)
        throw new AwsError('Throttling', 'Maximum sending rate exceeded.');
      lastBounce = now;
      return sendBounce(form, {
        original: (messageId) => originals.get(messageId),
        verified,
        now: clock.now(),
        region: options.region,
        deliver: (bounce) => {
          bounces.push(bounce);
          mailbox.put(bounce.id, bounce);
        },
      });
    },
  });

  return {
    service,
    rules,
    identities,
    remember: (mail) => {
      originals.set(mail.messageId, mail);
      received.put(mail.messageId, mail);
    },
    received: () => originals.size,
    bounces: () => bounces,
  };
}
