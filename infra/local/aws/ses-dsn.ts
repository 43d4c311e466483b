/** Writes the bounce that SES sends: a delivery status notification (RFC 3464) with the header of the original. */

/** What SES knows of a mail that it has taken in. */
export interface ReceivedMail {
  messageId: string;
  /** The envelope sender; empty for the null sender. */
  source: string;
  /** The envelope recipients. */
  recipients: string[];
  /** When it was received, in ms of the stack's clock. */
  timestamp: number;
  /** The header section as it was stored, one character per byte. */
  header: string;
}

/** What is said about one recipient. */
export interface BouncedRecipient {
  recipient: string;
  action: string;
  /** The enhanced status code. */
  status: string;
  diagnosticCode?: string;
  remoteMta?: string;
}

/** A bounce to be written. */
export interface BounceText {
  id: string;
  from: string;
  original: ReceivedMail;
  recipients: BouncedRecipient[];
  explanation: string;
  reportingMta: string;
  /** ms since 1970. */
  sentAt: number;
}

const date = (time: number) => new Date(time).toUTCString().replace('GMT', '+0000');

/** The bounce as bytes, lines ending in CRLF. */
export function writeDsn(bounce: BounceText): Buffer {
  const { id, from, original, recipients, sentAt } = bounce;
  const boundary = `=_bounce-${id}`;
  const status = recipients.flatMap(({ recipient, action, status: code, diagnosticCode, remoteMta }) => [
    '',
    `Final-Recipient: rfc822; ${recipient}`,
    `Action: ${action}`,
    `Status: ${code}`,
    ...(remoteMta === undefined ? [] : [`Remote-MTA: ${remoteMta}`]),
    ...(diagnosticCode === undefined ? [] : [`Diagnostic-Code: ${diagnosticCode}`]),
  ]);
  const part = (type: string) => [`--${boundary}`, `Content-Type: ${type}`, ''];
  const lines = [
    `Date: ${date(sentAt)}`,
    `From: ${from}`,
    `To: ${original.source}`,
    'Subject: Delivery Status Notification (Failure)',
    `Message-ID: <${id}@us-east-1.amazonses.com>`,
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
    '',
    ...part('text/plain; charset=UTF-8'),
    bounce.explanation,
    '',
    ...part('message/delivery-status'),
    `Reporting-MTA: ${bounce.reportingMta}`,
    `Arrival-Date: ${date(original.timestamp)}`,
    ...status,
    '',
    ...part('text/rfc822-headers'),
    '',
  ];
  // The header of the original stays what it was, byte for byte; everything else is text.
  const header = Buffer.from(original.header.trimEnd(), 'latin1');
  return Buffer.concat([Buffer.from(lines.join('\r\n')), header, Buffer.from(`\r\n\r\n--${boundary}--\r\n`)]);
}
