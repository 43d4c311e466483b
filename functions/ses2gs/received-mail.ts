/**
 * A mail as SES announces it, and the reading of that announcement (spec/ses2gs.md; shapes in research/serverless.md
 * section 2.2). It is lenient: whatever may be missing may be missing, and what makes a mail undeliverable is told as
 * the reason to park it. Recipients come from the envelope only, verdicts from the notification only.
 */
import { isObject, property, textProperty } from './json.ts';

export type VerdictName = 'spam' | 'virus' | 'spf' | 'dkim' | 'dmarc';

export interface ReceivedMail {
  /** SES's id of the mail. */
  readonly messageId: string;
  /** The envelope sender; empty for the null sender. */
  readonly sender: string;
  /** Envelope recipients as SES wrote them, each once. */
  readonly recipients: readonly string[];
  /** Milliseconds since 1970; undefined when SES did not say it in a way that can be read. */
  readonly receivedAt: number | undefined;
  readonly bucket: string;
  readonly key: string;
  /** PASS, FAIL, GRAY, PROCESSING_FAILED, DISABLED, or whatever else SES may say; empty where it says nothing. */
  readonly verdicts: Readonly<Record<VerdictName, string>>;
  /** What the domain of the author asks for when DMARC fails; in lower case. */
  readonly dmarcPolicy: string;
  /** The notification it was read from. */
  readonly notification: Readonly<Record<string, unknown>>;
}

/** What a notification turned out to be. */
export type Reading =
  | { readonly kind: 'mail'; readonly mail: ReceivedMail }
  | { readonly kind: 'ignored'; readonly why: string }
  | { readonly kind: 'unusable'; readonly why: string };

/** The mail that SES writes under the prefix when a rule is made. */
const setupMessageId = 'AMAZON_SES_SETUP_NOTIFICATION';

export const setupMail = { kind: 'ignored', why: 'the mail that SES writes when a receipt rule is made' } as const;

/** Says whether an object is the mail that SES writes when a rule is made. */
export function isSetupKey(key: string): boolean {
  return key === setupMessageId || key.endsWith(`/${setupMessageId}`);
}

/** Reads a notification of the receipt rule's S3 action. */
export function readReceived(notification: Readonly<Record<string, unknown>>): Reading {
  const mail = property(notification, 'mail');
  const receipt = property(notification, 'receipt');
  const action = property(receipt, 'action');
  const messageId = textProperty(mail, 'messageId') ?? '';
  const bucket = textProperty(action, 'bucketName');
  const key = textProperty(action, 'objectKey');
  if (messageId === setupMessageId || isSetupKey(key ?? '')) return setupMail;
  if (messageId === '') return unusable('the notification has no message id');
  if (textProperty(action, 'type') !== 'S3') return unusable('the mail was not stored in S3 (receipt.action.type)');
  if (!bucket || !key) return unusable('the notification does not say which object the mail is');
  // AWS's client throws at half a surrogate pair, and then sends what it has written so far with the next call.
  if (!`${messageId} ${bucket} ${key}`.isWellFormed())
    return unusable('the notification is no text (half a character)');
  const recipients = envelopeRecipients(property(receipt, 'recipients'));
  if (!recipients) return unusable('the notification has no envelope recipients that can be used (receipt.recipients)');
  const verdict = (name: VerdictName) =>
    textProperty(property(receipt, `${name}Verdict`), 'status')?.toUpperCase() ?? '';
  return {
    kind: 'mail',
    mail: {
      messageId,
      sender: bareSender(textProperty(mail, 'source')),
      recipients,
      receivedAt: timeOf(textProperty(mail, 'timestamp')),
      bucket,
      key,
      verdicts: {
        spam: verdict('spam'),
        virus: verdict('virus'),
        spf: verdict('spf'),
        dkim: verdict('dkim'),
        dmarc: verdict('dmarc'),
      },
      dmarcPolicy: textProperty(receipt, 'dmarcPolicy')?.toLowerCase() ?? '',
      notification,
    },
  };
}

/** Writes the notification anew for some of the recipients, or for a copy of the mail. */
export function notificationOf(mail: ReceivedMail, changes: { recipients?: readonly string[]; key?: string }): object {
  const receipt = property(mail.notification, 'receipt');
  const action = property(receipt, 'action');
  return {
    ...mail.notification,
    receipt: {
      ...(isObject(receipt) ? receipt : {}),
      recipients: changes.recipients ?? mail.recipients,
      action: { ...(isObject(action) ? action : {}), objectKey: changes.key ?? mail.key },
    },
  };
}

function unusable(why: string): Reading {
  return { kind: 'unusable', why };
}

/** Undefined unless every one is an address on one line: a mail is not to be delivered to some and forgotten for others. */
function envelopeRecipients(value: unknown): string[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const recipients = new Map<string, string>();
  for (const each of value) {
    if (typeof each !== 'string' || each.trim() === '' || /[\r\n]/.test(each) || !each.isWellFormed()) return undefined;
    recipients.set(withLowerCaseDomain(each), each);
  }
  return [...recipients.values()];
}

/** Writes an address as it is compared and handed on. */
export function withLowerCaseDomain(address: string): string {
  const at = address.lastIndexOf('@') + 1;
  return address.slice(0, at) + address.slice(at).toLowerCase();
}

/** QUIRK: nobody says how SES writes the null sender; empty, `<>` and nothing at all are all taken for it. */
function bareSender(source: string | undefined): string {
  return (source ?? '').trim().replace(/^<(.*)>$/, '$1');
}

function timeOf(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? undefined : time;
}
