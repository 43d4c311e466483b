/**
 * What is done with a mail because of what SES found in it (research/serverless.md section 3.4): only a FAIL counts, no
 * verdict is not a bad one. SPF or DKIM alone decide nothing, since forwarders and lists break both. Pure.
 */
import type { ReceivedMail } from './received-mail.ts';
import type { Settings } from './settings.ts';

export type Judgement =
  | { readonly kind: 'deliver' }
  | { readonly kind: 'drop'; readonly why: 'spam' }
  | { readonly kind: 'quarantine'; readonly why: 'virus' | 'spam' | 'dmarc' };

/** Judges a mail by the verdicts of its notification. */
export function judge(
  { verdicts, dmarcPolicy }: Pick<ReceivedMail, 'verdicts' | 'dmarcPolicy'>,
  { spamAction }: Pick<Settings, 'spamAction'>,
): Judgement {
  if (verdicts.virus === 'FAIL') return { kind: 'quarantine', why: 'virus' };
  const isRefusedByAuthor = dmarcPolicy === 'reject' || dmarcPolicy === 'quarantine';
  if (verdicts.dmarc === 'FAIL' && isRefusedByAuthor) return { kind: 'quarantine', why: 'dmarc' };
  if (verdicts.spam !== 'FAIL' || spamAction === 'deliver') return { kind: 'deliver' };
  return { kind: spamAction, why: 'spam' };
}
