/** What SES adds to a mail: the header fields in front of the stored bytes, and the notification that goes to SNS. */
import type { ReceivedMail } from './aws/ses-dsn.ts';
import type { ReceiptRule } from './aws/ses-receipt-rules.ts';
import type { Verdict, Verdicts } from './ses-verdicts.ts';

/** How the mail came in. */
export interface Arrival {
  messageId: string;
  source: string;
  recipients: string[];
  timestamp: number;
  verdicts: Verdicts;
  /** What the client called itself. */
  helo: string;
  /** The client's IP address. */
  client: string;
  region: string;
}

/** The header fields that SES puts in front, for the first recipient as SES does; lines end in CRLF. */
export function prependedHeader(arrival: Arrival): string {
  const { messageId, source, recipients, timestamp, verdicts, helo, client, region } = arrival;
  const lower = (verdict: Verdict) => ({ PASS: 'pass', FAIL: 'fail' })[String(verdict)] ?? 'none';
  const domain = source.slice(source.lastIndexOf('@') + 1) || helo;
  const date = `${new Date(timestamp).toUTCString().replace('GMT', '+0000')} (UTC)`;
  const filler = Buffer.from(messageId).toString('base64');
  return [
    `Return-Path: <${source}>`,
    `Received: from ${helo} (${helo} [${client}])`,
    ` by inbound-smtp.${region}.amazonaws.com with SMTP id ${messageId}`,
    ` for ${recipients[0]};`,
    ` ${date}`,
    `X-SES-Spam-Verdict: ${verdicts.spam}`,
    `X-SES-Virus-Verdict: ${verdicts.virus}`,
    `Received-SPF: ${lower(verdicts.spf)} (spfCheck: domain of ${domain}) client-ip=${client}; envelope-from=${source}; helo=${helo};`,
    'Authentication-Results: amazonses.com;',
    ` spf=${lower(verdicts.spf)} (spfCheck: domain of ${domain}) client-ip=${client}; envelope-from=${source}; helo=${helo};`,
    ` dkim=${lower(verdicts.dkim)} header.i=@${domain};`,
    ` dmarc=${lower(verdicts.dmarc)} header.from=${domain};`,
    `X-SES-RECEIPT: ${filler}`,
    `X-SES-DKIM-SIGNATURE: a=rsa-sha256; q=dns/txt; b=${filler}; c=relaxed/simple; s=local; d=amazonses.com; t=${Math.floor(timestamp / 1000)}; v=1; bh=${filler}; h=From:To:Subject:Date:Message-ID;`,
    '',
  ].join('\r\n');
}

/** The longest header that SES repeats in a notification, in bytes. */
const headerLimit = 10_240;

/** The notification of one receipt rule's S3 action, as it is published. */
export function notification(
  mail: ReceivedMail & { verdicts: Verdicts },
  recipients: string[],
  rule: ReceiptRule,
): object {
  const fields = headerFields(mail.header.slice(0, headerLimit));
  const first = (name: string) => fields.find((field) => field.name.toLowerCase() === name)?.value;
  const addresses = (name: string) =>
    first(name)
      ?.split(/,\s*(?![^"]*"[^"]*$)/)
      .map((address) => address.trim());
  const timestamp = new Date(mail.timestamp).toISOString();
  const status = (verdict: Verdict) => ({ status: verdict });
  const { verdicts } = mail;
  const bare = (address: string) => /<([^>]*)>/.exec(address)?.[1] ?? address;
  return {
    notificationType: 'Received',
    mail: {
      timestamp,
      source: mail.source,
      messageId: mail.messageId,
      destination: [...(addresses('to') ?? []), ...(addresses('cc') ?? [])].map(bare),
      headersTruncated: mail.header.length > headerLimit,
      headers: fields,
      commonHeaders: {
        returnPath: mail.source,
        from: addresses('from'),
        replyTo: addresses('reply-to'),
        date: first('date'),
        to: addresses('to'),
        cc: addresses('cc'),
        messageId: first('message-id'),
        subject: first('subject'),
      },
    },
    receipt: {
      timestamp,
      processingTimeMillis: 412,
      recipients,
      spamVerdict: status(verdicts.spam),
      virusVerdict: status(verdicts.virus),
      spfVerdict: status(verdicts.spf),
      dkimVerdict: status(verdicts.dkim),
      dmarcVerdict: status(verdicts.dmarc),
      dmarcPolicy: verdicts.dmarc === 'FAIL' ? verdicts.dmarcPolicy : undefined,
      action: {
        type: 'S3',
        topicArn: rule.topicArn,
        bucketName: rule.bucket,
        objectKeyPrefix: rule.prefix,
        objectKey: `${rule.prefix}${mail.messageId}`,
      },
    },
  };
}

/** The fields of a header section, unfolded; a line that is none is left out. */
function headerFields(header: string): { name: string; value: string }[] {
  const lines = Buffer.from(header, 'latin1')
    .toString()
    .replace(/\r?\n[ \t]+/g, ' ')
    .split(/\r?\n/);
  return lines.flatMap((line) => {
    const [, name, value] = /^([!-9;-~]+)[ \t]*:[ \t]*(.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [{ name, value }];
  });
}
