/**
 * Whether a mail may be answered with a bounce (research/serverless.md section 3.4). A bounce to somebody who did not
 * send the mail is spam that we send; one to a machine may come back. Where in doubt there is none. Pure; it is given
 * the header that bounce-header.ts has read. Stricter than the report in two points: a DMARC FAIL always forbids it, and
 * DMARC or DKIM vouch for the envelope sender only where their domain is the sender's.
 */
import type { ReceivedMail } from './received-mail.ts';
import { domainOf, type Sites } from './sites.ts';

/** The fields of a header that speak for or against a bounce. Texts in lower case. */
export interface BounceHeader {
  /** All values of these fields, in the order of the mail. */
  readonly autoSubmitted: readonly string[];
  readonly precedence: readonly string[];
  /** List-Id, List-Post, X-Auto-Response-Suppress: their names, where they are there. */
  readonly machineFields: readonly string[];
  /** Without parameters. */
  readonly contentType: string;
  /** Domains of the addresses in From. */
  readonly fromDomains: readonly string[];
  /** `d=` of every DKIM signature. */
  readonly signedBy: readonly string[];
}

/** Local parts behind which no person sits. */
const machine =
  /^(mailer-daemon|postmaster|bounces?|nobody|(do-?not|no)-?reply)([+._=-].*)?$|^owner-|-(bounces?|owner|request)([+=].*)?$/i;

/** Gives the reason why a mail must not be bounced; undefined where it may be. */
export function reasonNotToBounce(
  mail: Pick<ReceivedMail, 'sender' | 'verdicts'>,
  header: BounceHeader | undefined,
  our: { readonly bounceSender: string; readonly sites: Sites },
): string | undefined {
  const { sender, verdicts } = mail;
  const at = sender.lastIndexOf('@');
  if (sender === '') return 'null sender';
  if (at < 1 || at === sender.length - 1 || !/^[\x21-\x7e]+$/.test(sender)) return 'the sender is no address';
  if (machine.test(sender.slice(0, at))) return 'the sender is a machine';
  if (sender.toLowerCase() === our.bounceSender.toLowerCase()) return 'the sender is our own bounce sender';
  // GroupServer would take a bounce to one of its own addresses for a member's, or post it.
  if (our.sites.has(domainOf(sender))) return 'the sender is at one of our sites';
  if (!header) return 'a header beyond measure';
  if (header.autoSubmitted.some((value) => value !== 'no')) return 'Auto-Submitted';
  if (header.precedence.some((value) => /^(bulk|junk|list)$/.test(value))) return 'Precedence';
  if (header.machineFields[0] !== undefined) return header.machineFields[0];
  if (header.contentType === 'multipart/report') return 'a report';
  if (verdicts.spam === 'FAIL' || verdicts.virus === 'FAIL') return 'spam or virus';
  if (verdicts.dmarc === 'FAIL') return 'DMARC failed';
  return isVouchedFor(domainOf(sender), verdicts, header) ? undefined : 'nothing proves the sender';
}

function isVouchedFor(sender: string, verdicts: ReceivedMail['verdicts'], header: BounceHeader): boolean {
  const isOf = (domain: string) => isAligned(domain, sender);
  if (verdicts.spf === 'PASS') return true;
  if (verdicts.dmarc === 'PASS' && header.fromDomains.length > 0 && header.fromDomains.every(isOf)) return true;
  // SES does not say which of several signatures it found to be good.
  return verdicts.dkim === 'PASS' && header.signedBy.length > 0 && header.signedBy.every(isOf);
}

/** The same domain, or one below the other: nearly RFC 7489's relaxed alignment, without a list of public suffixes. */
function isAligned(domain: string, sender: string): boolean {
  if (domain === sender) return true;
  const [upper, lower] = domain.length < sender.length ? [domain, sender] : [sender, domain];
  return upper.includes('.') && lower.endsWith(`.${upper}`);
}
