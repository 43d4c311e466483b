/** What travels through one handling of one mail: the mail with its tools, and what became of each recipient. */
import type { DeliveryStatus } from '../core/delivery-status.ts';
import type { Message } from '../core/message.ts';
import type { Claim, Ledger } from './ledger.ts';
import type { ReceivedMail } from './received-mail.ts';
import type { Settings } from './settings.ts';

/** A mail on its way, and what is needed for it. */
export interface Work {
  readonly mail: ReceivedMail;
  readonly settings: Settings;
  readonly ledger: Ledger;
  /** Names a wanted repetition: the ledger is asked for this one alone. */
  readonly again: string | undefined;
  /** Opens the mail itself, once; undefined where the object is missing. */
  readonly stored: () => Promise<Message | undefined>;
  /** Milliseconds until the invocation ends. */
  readonly remaining: () => number;
}

/** A recipient that was reached, now or before, or that will never be. */
export interface Done {
  readonly kind: 'done';
  readonly recipient: string;
}

/** A recipient that may be reached later. */
export interface Deferred {
  readonly kind: 'deferred';
  readonly recipient: string;
  readonly status: DeliveryStatus;
  /** Seconds; a mail that is so old is not tried again. */
  readonly lifetime: number;
  /** Nothing was wrong: there was no time, or another worker is at it. */
  readonly isUntried?: boolean;
  /** Still held. */
  readonly claim?: Claim;
}

/** A recipient that asking again cannot reach. */
export interface Failed {
  readonly kind: 'failed';
  readonly recipient: string;
  readonly status: DeliveryStatus;
  readonly claim: Claim;
}

export type Attempt = Done | Deferred | Failed;
