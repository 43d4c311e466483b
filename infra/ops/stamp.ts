/**
 * What SES has written on top of a mail that it stored: the envelope sender, one of the envelope recipients, and what
 * its scans found. It is believed only below SES's own Received field with the id of this mail, which a sender cannot
 * know, and above SES's receipt. It is read where the notification is lost; the function never reads it. Pure.
 */
import { firstField, type Header } from '../../functions/core/header.ts';

export interface Stamp {
  /** The envelope sender; empty for the null sender, undefined where SES did not say. */
  readonly sender: string | undefined;
  /** The one envelope recipient that SES names; a mail may have had more. */
  readonly recipient: string | undefined;
  /** PASS, FAIL, GRAY and so on by name; empty where SES did not say. */
  readonly verdicts: Readonly<Record<'spam' | 'virus' | 'spf' | 'dkim' | 'dmarc', string>>;
}

const noVerdicts = { spam: '', virus: '', spf: '', dkim: '', dmarc: '' };

/** Reads the stamp; what is not there, or not certainly SES's, is left out. */
export function readStamp(header: Header, messageId: string): Stamp {
  const received = header.findIndex(({ name }) => name.toLowerCase() === 'received');
  const { body = '' } = header[received] ?? {};
  const [, id, recipient] =
    /\sby\s+inbound-smtp\.\S+\s+with\s+\S+\s+id\s+(\S+)\s+(?:for\s+<?([^\s<>;]+)>?\s*)?;/i.exec(body) ?? [];
  if (id !== messageId) return { sender: undefined, recipient: undefined, verdicts: noVerdicts };
  const receipt = header.findIndex(({ name }) => name.toLowerCase() === 'x-ses-receipt');
  const returnPath = firstField(header.slice(0, received), 'Return-Path');
  return {
    sender: returnPath?.replace(/^<(.*)>$/, '$1'),
    recipient,
    verdicts: receipt < 0 ? noVerdicts : readVerdicts(header.slice(received, receipt)),
  };
}

function readVerdicts(stamps: Header): Stamp['verdicts'] {
  const scan = (name: string) => firstField(stamps, name)?.toUpperCase() ?? '';
  const authentication = firstField(stamps, 'Authentication-Results') ?? '';
  const verdict = (method: string) => {
    const result = new RegExp(`;\\s*${method}=([a-z]+)`, 'i').exec(authentication)?.[1]?.toUpperCase();
    // RFC 8601 knows more words than SES's notifications; those are no verdict there.
    return result === undefined || result === 'PASS' || result === 'FAIL' ? (result ?? '') : 'GRAY';
  };
  return {
    spam: scan('X-SES-Spam-Verdict'),
    virus: scan('X-SES-Virus-Verdict'),
    spf: verdict('spf'),
    dkim: verdict('dkim'),
    dmarc: verdict('dmarc'),
  };
}
