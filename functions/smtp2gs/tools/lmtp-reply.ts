/**
 * Turns a status into an LMTP reply (RFC 2033, RFC 5321 section 4.2). The reply code follows from the enhanced status
 * code, so there is no second table.
 */
import { type DeliveryStatus, outcomeOf, statusText } from '../../core/delivery-status.ts';

export interface LmtpReply {
  readonly code: 250 | 421 | 451 | 550 | 552;
  /** The enhanced status code and the text: printable ASCII, short enough for one line. */
  readonly text: string;
}

/** The reply for one recipient. */
export function replyOf(status: DeliveryStatus): LmtpReply {
  const codes = { delivered: 250, deferred: 451, bounced: status.code === '5.3.4' ? 552 : 550 } as const;
  return { code: codes[outcomeOf(status)], text: `${status.code} ${statusText(status)}` };
}
