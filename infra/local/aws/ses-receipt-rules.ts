/**
 * SES receipt rule sets: which mail is taken in and what becomes of it. One set at most is active; without one SES
 * takes no mail at all. Only the action that this project uses: store in S3, announce through SNS.
 */
import type { XmlObject } from './xml.ts';

/** A receipt rule; no recipients would mean every verified domain. */
export interface ReceiptRule {
  name: string;
  enabled: boolean;
  /** Domains, `.domain` for all below it, or whole addresses. */
  recipients: string[];
  bucket: string;
  /** Comes before the message id in the object's key. */
  prefix: string;
  topicArn: string;
}

export interface ReceiptRules {
  sets: Map<string, ReceiptRule[]>;
  /** The name of the active set. */
  active: string | undefined;
  /** The rules of the active set that apply to an envelope recipient, in their order. */
  matching(recipient: string): ReceiptRule[];
}

/** Rule sets, none of them active yet. `verified` tells whether a domain is a verified identity. */
export function createReceiptRules(verified: (domain: string) => boolean): ReceiptRules {
  const rules: ReceiptRules = {
    sets: new Map(),
    active: undefined,
    matching: (recipient) => {
      const address = recipient.toLowerCase();
      const domain = address.slice(address.lastIndexOf('@') + 1);
      const applies = (condition: string) =>
        condition.startsWith('.') ? domain.endsWith(condition) : condition === domain || condition === address;
      const set = rules.sets.get(rules.active ?? '') ?? [];
      return set.filter(({ enabled, recipients }) => {
        const conditions = recipients.map((condition) => condition.toLowerCase());
        return enabled && (conditions.length === 0 ? verified(domain) : conditions.some(applies));
      });
    },
  };
  return rules;
}

/** A rule as the API shows it. */
export const ruleView = (rule: ReceiptRule): XmlObject => ({
  Name: rule.name,
  Enabled: rule.enabled,
  TlsPolicy: 'Optional',
  ScanEnabled: true,
  Recipients: rule.recipients,
  Actions: [{ S3Action: { TopicArn: rule.topicArn, BucketName: rule.bucket, ObjectKeyPrefix: rule.prefix } }],
});
