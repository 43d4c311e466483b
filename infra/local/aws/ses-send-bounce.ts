/**
 * SES's SendBounce: refuses what SES refuses (not its own mail, older than 24 hours, strange recipients, unverified
 * sender, faster than one call a second) and writes the rest into the bounce mailbox. AWS does not say what becomes of
 * a bounce to a null sender; here it is refused, so that a door that would send one is found out.
 */
import { randomUUID } from 'node:crypto';
import { AwsError } from './aws-error.ts';
import { type BouncedRecipient, type ReceivedMail, writeDsn } from './ses-dsn.ts';
import { members } from './wire.ts';

/** A bounce in the mailbox. */
export interface SentBounce {
  id: string;
  originalMessageId: string;
  from: string;
  /** The envelope sender of the original. */
  to: string;
  recipients: BouncedRecipient[];
  /** ms of the stack's clock. */
  sentAt: number;
  /** The whole mail, one character per byte. */
  mail: string;
}

const day = 24 * 3_600_000;

/** The codes that SES writes for its bounce types. */
const statusOfType: Record<string, string> = {
  DoesNotExist: '5.1.1',
  MessageTooLarge: '5.3.4',
  ExceededQuota: '5.2.2',
  ContentRejected: '5.6.1',
  Undefined: '5.0.0',
  TemporaryFailure: '4.0.0',
};

/** Answers one call; `deliver` puts the bounce into the mailbox. */
export function sendBounce(
  form: URLSearchParams,
  world: {
    original: (messageId: string) => ReceivedMail | undefined;
    verified: (address: string) => boolean;
    now: number;
    region: string;
    deliver: (bounce: SentBounce) => void;
  },
): { MessageId: string } {
  const refuse = (reason: string): never => {
    throw new AwsError('MessageRejected', reason);
  };
  const parameter = (source: URLSearchParams, name: string) => {
    const value = source.get(name) ?? undefined;
    if (value !== undefined && /[\r\n]/.test(value))
      throw new AwsError('InvalidParameterValue', `${name} has a line break`);
    return value;
  };
  const bounced = members(form, 'BouncedRecipientInfoList').map((entry): BouncedRecipient => {
    const status = parameter(entry, 'RecipientDsnFields.Status') ?? statusOfType[entry.get('BounceType') ?? ''] ?? '';
    const action = parameter(entry, 'RecipientDsnFields.Action') ?? 'failed';
    if (!/^[245]\.\d{1,3}\.\d{1,3}$/.test(status))
      throw new AwsError('InvalidParameterValue', `Status "${status}" is none.`);
    if (!/^(failed|delayed|delivered|relayed|expanded)$/.test(action))
      throw new AwsError('InvalidParameterValue', `Action "${action}" is none.`);
    const diagnosticCode = parameter(entry, 'RecipientDsnFields.DiagnosticCode');
    const remoteMta = parameter(entry, 'RecipientDsnFields.RemoteMta');
    return {
      recipient: parameter(entry, 'Recipient') ?? '',
      action,
      status,
      ...(diagnosticCode !== undefined && { diagnosticCode }),
      ...(remoteMta !== undefined && { remoteMta }),
    };
  });
  if (bounced.length === 0) throw new AwsError('ValidationError', 'BouncedRecipientInfoList must not be empty');

  const from = parameter(form, 'BounceSender') ?? '';
  const original = world.original(form.get('OriginalMessageId') ?? '') ?? refuse('The original message is not known.');
  if (world.now - original.timestamp > day) refuse('The original message was received more than 24 hours ago.');
  if (!world.verified(from)) refuse(`Email address is not verified: ${from}`);
  if (original.source === '') refuse('The original message has a null sender.');
  const known = new Set(original.recipients.map((recipient) => recipient.toLowerCase()));
  for (const { recipient } of bounced)
    if (!known.has(recipient.toLowerCase())) refuse(`${recipient} is no recipient of the original message.`);

  const id = randomUUID();
  const sentAt = world.now;
  const explanation =
    form.get('Explanation') ?? 'An error occurred while trying to deliver the mail to its recipients.';
  const reportingMta = parameter(form, 'MessageDsn.ReportingMta') ?? `dns; inbound-smtp.${world.region}.amazonaws.com`;
  const mail = writeDsn({ id, from, original, recipients: bounced, explanation, reportingMta, sentAt }).toString(
    'latin1',
  );
  const originalMessageId = original.messageId;
  world.deliver({ id, originalMessageId, from, to: original.source, recipients: bounced, sentAt, mail });
  return { MessageId: id };
}
