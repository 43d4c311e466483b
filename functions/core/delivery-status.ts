/**
 * THE table: every way a delivery can end, with its enhanced status code (RFC 3463), exit status (sysexits.h) and text.
 * Transient or permanent is the first digit of the code and is stored nowhere else. It knows no door: exit status, LMTP
 * reply and bounce are derived from a row. The types make the historical mistakes impossible: a 4.x.x that exits with
 * anything but 75, a 5.x.x that exits with 75, a code that is not digits and dots (Postfix would not recognise it).
 */

type Success = { code: `2.${number}.${number}`; exit: 0; text: string };
type Transient = { code: `4.${number}.${number}`; exit: 75; text: string };
type Permanent = { code: `5.${number}.${number}`; exit: 65 | 67 | 76; text: string };

export const successes = {
  posted: { code: '2.0.0', exit: 0, text: 'Added to the group' },
  relayed: { code: '2.0.0', exit: 0, text: 'Relayed to the member' },
  'bounce-recorded': { code: '2.1.5', exit: 0, text: 'Bounce of a member recorded' },
} as const satisfies Record<string, Success>;

export const failures = {
  'internal-error': { code: '4.3.0', exit: 75, text: 'The mail gateway failed, the mail is kept' },
  'message-unreadable': { code: '4.3.0', exit: 75, text: 'The message could not be read or stored for sending' },
  'config-invalid': { code: '4.3.5', exit: 75, text: 'The mail gateway is not configured correctly' },
  'server-unreachable': { code: '4.4.4', exit: 75, text: 'Cannot connect to the group server' },
  'connection-lost': { code: '4.4.2', exit: 75, text: 'The connection to the group server was lost or timed out' },
  'no-slot': { code: '4.4.5', exit: 75, text: 'Too many deliveries at once' },
  'answer-not-understood': { code: '4.5.0', exit: 75, text: 'The group server did not accept the request' },
  'url-without-host': { code: '4.5.2', exit: 75, text: 'The URL of the group server names no host' },
  'no-group': { code: '5.1.1', exit: 67, text: 'There is no group with this address' },
  'no-recipient': { code: '5.1.3', exit: 65, text: 'No usable recipient address' },
  'message-empty': { code: '5.3.0', exit: 65, text: 'The message is empty' },
  'message-too-large': { code: '5.3.4', exit: 65, text: 'The message is too large' },
  'answer-final': { code: '5.5.0', exit: 76, text: 'The group server refused the message for good' },
} as const satisfies Record<string, Transient | Permanent>;

export type SuccessKind = keyof typeof successes;
export type FailureKind = keyof typeof failures;
type Row = (typeof successes)[SuccessKind] | (typeof failures)[FailureKind];

/** How one delivery ended. */
export interface DeliveryStatus {
  readonly kind: SuccessKind | FailureKind;
  readonly code: Row['code'];
  readonly exit: Row['exit'];
  readonly text: string;
  /** What happened where, for the administrator. The sender may read it too: no token, no page of the server. */
  readonly detail?: string;
  readonly httpStatus?: number;
  /** Seconds that the server asked us to wait (Retry-After). */
  readonly retryAfter?: number;
  /** What was thrown; for logs that only the administrator sees. */
  readonly cause?: unknown;
}

export type Outcome = 'delivered' | 'deferred' | 'bounced';

export interface FailureFacts {
  httpStatus?: number;
  retryAfter?: number;
  cause?: unknown;
}

/** What everything inside throws: a row of the table with its particulars. */
export class DeliveryFailure extends Error {
  readonly kind: FailureKind;
  readonly facts: FailureFacts;

  constructor(kind: FailureKind, detail: string, facts: FailureFacts = {}) {
    super(detail, { cause: facts.cause });
    this.name = 'DeliveryFailure';
    this.kind = kind;
    this.facts = facts;
  }
}

export function success(kind: SuccessKind, detail?: string): DeliveryStatus {
  return { kind, ...successes[kind], ...(detail === undefined ? {} : { detail }) };
}

/** Turns anything thrown into a status; what is not a DeliveryFailure is an `internal-error`, so it is never a bounce. */
export function statusOf(error: unknown): DeliveryStatus {
  if (error instanceof DeliveryFailure) {
    return { kind: error.kind, ...failures[error.kind], detail: error.message, ...error.facts };
  }
  const name = error instanceof Error ? error.name : typeof error;
  return { kind: 'internal-error', ...failures['internal-error'], detail: name, cause: error };
}

/** Says in the words of the mail log how it ended. */
export function outcomeOf(status: Pick<DeliveryStatus, 'code'>): Outcome {
  return status.code.startsWith('2') ? 'delivered' : status.code.startsWith('4') ? 'deferred' : 'bounced';
}

/** Postfix takes the first line of the output; its limit is 4096 bytes, ours leaves room for the rest of the log line. */
const lineLimit = 480;

/**
 * Writes the status as the line that a mail system reads: the code, a space, the text; printable ASCII, one line, with
 * a newline at its end. Postfix recognises the code only when nothing precedes it and white space follows
 * (`dsn_valid` in Postfix's `src/global/dsn_util.c`).
 */
export function statusLine(status: Pick<DeliveryStatus, 'code' | 'text' | 'detail'>): string {
  return `${status.code} ${statusText(status)}\n`;
}

/** The text without the code, under the same rules as {@link statusLine}. */
export function statusText(status: Pick<DeliveryStatus, 'text' | 'detail'>): string {
  const whole = status.detail ? `${status.text}: ${status.detail}` : status.text;
  const printable = whole.replace(/\s+/g, ' ').replace(/[^\x20-\x7e]/g, '?');
  return printable.length > lineLimit ? `${printable.slice(0, lineLimit - 3)}...` : printable;
}
