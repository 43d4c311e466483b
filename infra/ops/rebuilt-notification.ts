/**
 * Writes anew what SES would have announced of a stored mail. What only SES knew is left out or taken from its stamp; so
 * a mail that failed DMARC goes into quarantine, since nobody knows any more what its domain asks for. Pure.
 */

import type { Header } from '../../functions/core/header.ts';
import { readStamp } from './stamp.ts';
import { inboundPrefix, type StoredMail } from './stored-mail.ts';

export interface Rebuilt {
  readonly recipients: readonly string[];
  readonly sender: string | null;
  /** What goes into the queue. */
  readonly notification: object;
}

/** Rebuilds a notification; `recipients` given by the operator stand in place of the one that SES has stamped. */
export function rebuiltNotification(
  { messageId, storedAt }: StoredMail,
  header: Header,
  { bucket, topicArn, recipients }: { bucket: string; topicArn: string; recipients: readonly string[] },
): Rebuilt {
  const { sender, recipient, verdicts } = readStamp(header, messageId);
  const timestamp = storedAt.toISOString();
  const status = (verdict: string) => (verdict === '' ? undefined : { status: verdict });
  const envelope = recipients.length > 0 ? recipients : recipient === undefined ? [] : [recipient];
  return {
    recipients: envelope,
    sender: sender ?? null,
    notification: {
      notificationType: 'Received',
      mail: {
        timestamp,
        source: sender ?? '',
        messageId,
        destination: [],
        headersTruncated: true,
        headers: [],
        commonHeaders: { returnPath: sender ?? '' },
      },
      receipt: {
        timestamp,
        processingTimeMillis: 0,
        recipients: envelope,
        spamVerdict: status(verdicts.spam),
        virusVerdict: status(verdicts.virus),
        spfVerdict: status(verdicts.spf),
        dkimVerdict: status(verdicts.dkim),
        dmarcVerdict: status(verdicts.dmarc),
        dmarcPolicy: verdicts.dmarc === 'FAIL' ? 'quarantine' : undefined,
        action: {
          type: 'S3',
          topicArn,
          bucketName: bucket,
          objectKeyPrefix: inboundPrefix,
          objectKey: inboundPrefix + messageId,
        },
      },
    },
  };
}
