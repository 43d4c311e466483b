/**
 * What SES's scans and checks say of a mail. In the local stack nothing is scanned: the local part of the envelope
 * sender says what the verdict shall be, or a test's own function. A header in the mail never does.
 */

export interface Envelope {
  /** The envelope sender; empty for the null sender. */
  source: string;
  recipients: string[];
}

export type Verdict = 'PASS' | 'FAIL' | 'GRAY' | 'PROCESSING_FAILED' | 'DISABLED';

export interface Verdicts {
  spam: Verdict;
  virus: Verdict;
  spf: Verdict;
  dkim: Verdict;
  dmarc: Verdict;
  /** The policy of the sender's domain; SES tells it only when DMARC fails. */
  dmarcPolicy?: 'none' | 'quarantine' | 'reject';
}

const pass: Verdicts = { spam: 'PASS', virus: 'PASS', spf: 'PASS', dkim: 'PASS', dmarc: 'PASS' };
const unauthenticated: Verdicts = { ...pass, spf: 'FAIL', dkim: 'GRAY', dmarc: 'FAIL' };

/** The senders that have a verdict of their own, by local part; every other mail passes everything. */
export const scriptedSenders: Readonly<Record<string, Verdicts>> = {
  spam: { ...pass, spam: 'FAIL' },
  virus: { ...pass, virus: 'FAIL' },
  'dmarc-fail': { ...unauthenticated, dmarcPolicy: 'reject' },
  'dmarc-none': { ...unauthenticated, dmarcPolicy: 'none' },
  unknown: { ...pass, spf: 'GRAY', dkim: 'GRAY', dmarc: 'GRAY' },
  unscanned: { ...pass, spam: 'DISABLED', virus: 'DISABLED' },
};

/** The verdicts by convention: `spam@…`, `virus@…`, `dmarc-fail@…` and so on. */
export function verdictsOfSender({ source }: Envelope): Verdicts {
  const localPart = source.slice(0, Math.max(source.lastIndexOf('@'), 0)).toLowerCase();
  return Object.hasOwn(scriptedSenders, localPart) ? (scriptedSenders[localPart] ?? pass) : pass;
}
