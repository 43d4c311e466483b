/**
 * Writes one line of JSON per mail and recipient: what was delivered where, how it ended and how long it took. Never
 * anything of the mail but its Message-ID, never the token. A log that cannot be written changes nothing: mail matters more.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import type { DeliveryFacts } from '../core/deliver.ts';
import { type DeliveryStatus, outcomeOf } from '../core/delivery-status.ts';
import type { Phase } from './phase-clock.ts';

/** What is logged of a mail, besides how it ended. */
export interface LogEntry extends DeliveryFacts {
  queueId?: string | undefined;
  sender?: string | undefined;
  bytes?: number | undefined;
  readonly milliseconds: Readonly<Partial<Record<Phase, number>>>;
}

/** Appends a line to the log; never throws. */
export function appendLogLine(file: string, entry: LogEntry, status: DeliveryStatus): void {
  try {
    // A FIFO that nobody reads must not stop the mail: with O_NONBLOCK it is an error instead.
    const flags =
      constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK | constants.O_NOCTTY;
    const descriptor = openSync(file, flags, 0o640);
    try {
      // One write for one line: lines of other processes stay whole.
      writeSync(descriptor, logLine(entry, status));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // The mail was delivered or not; that is already decided.
  }
}

function logLine(entry: LogEntry, status: DeliveryStatus): string {
  const outcome = outcomeOf(status);
  const phases = Object.entries(entry.milliseconds).map(([phase, value]) => [phase, Math.round(value)] as const);
  return `${JSON.stringify({
    time: new Date().toISOString(),
    queueId: entry.queueId,
    messageId: entry.messageId,
    sender: entry.sender,
    recipient: entry.recipient,
    route: entry.route,
    group: entry.group,
    bytes: entry.bytes,
    milliseconds: Object.fromEntries<number>(phases),
    // No other status than 200 is taken for a success.
    httpStatus: outcome === 'delivered' ? 200 : status.httpStatus,
    code: status.code,
    outcome,
    detail: status.detail,
  })}\n`;
}
