/**
 * Sends bounces through SES: one for all recipients of a mail that failed in one attempt, each with the code of the
 * failure table. SES takes one call a second, so calls wait for each other. It does not know whether a bounce is safe.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { SESClient } from '@aws-sdk/client-ses';
import { statusText } from '../core/delivery-status.ts';
import { requestHandler } from './aws-clients.ts';

/** A recipient that the mail did not reach, and why. */
export interface Undelivered {
  readonly recipient: string;
  readonly code: string;
  readonly text: string;
  readonly detail?: string;
}

/** Milliseconds from the end of a call to the next. */
const interval = 1020;

let client: SESClient | undefined;
let next = 0;

/** Sends a bounce; rejects with the SDK's error, `Throttling` among them. */
export async function sendBounce(
  messageId: string,
  bounceSender: string,
  undelivered: readonly Undelivered[],
): Promise<void> {
  const { SendBounceCommand, SESClient } = await import('@aws-sdk/client-ses');
  // One attempt: the SDK's second would come too early for SES, and after a lost answer bounce twice.
  client ??= new SESClient({ requestHandler, maxAttempts: 1 });
  const bounce = new SendBounceCommand({
    OriginalMessageId: messageId,
    BounceSender: bounceSender,
    Explanation: explanation(undelivered),
    BouncedRecipientInfoList: undelivered.map((each) => ({
      Recipient: each.recipient,
      RecipientDsnFields: {
        Action: 'failed',
        Status: each.code,
        DiagnosticCode: `x-groupserver; ${statusText(each)}`,
        LastAttemptDate: new Date(),
      },
    })),
  });
  await sleep(Math.max(0, next - performance.now()));
  try {
    await client.send(bounce);
  } finally {
    next = performance.now() + interval;
  }
}

function explanation(undelivered: readonly Undelivered[]): string {
  const lines = undelivered.map(({ recipient, text }) => `<${recipient}>: ${text}`);
  return `Your mail could not be delivered to:\r\n\r\n${lines.join('\r\n')}\r\n`;
}
