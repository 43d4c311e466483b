/** Where a delivery (one mail to one recipient) was seen, and what is known of it there. It decides nothing. */
import type { Addressee, ChaosMail } from './chaos-mail.ts';

/** The ends that a delivery may have; `queued` is none yet. */
export const ends = [
  'posted',
  'relayed',
  'bounce recorded',
  'bounced',
  'bounce suppressed',
  'quarantined',
  'parked',
  'queued',
] as const;
export type End = (typeof ends)[number];

export interface Sighting {
  /** The id of the mail; empty where it cannot be told. */
  readonly mail: string;
  readonly recipient: string;
  readonly end: End;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The Idempotency-Key of the request. */
  readonly key?: string | undefined;
  /** GroupServer has accepted it, and whoever asked could not know. */
  readonly isAnswerLost?: boolean;
  /** It is not byte for byte what was sent. */
  readonly isDamaged?: boolean;
  /** The reason that was given for it. */
  readonly why?: string;
}

/** Where the rules of a door do not allow this end for this delivery, the reason. */
export type EndRule = (delivery: Delivery, sighting: Sighting) => string | undefined;

/** One mail to one recipient, accepted by the mail system. */
export interface Delivery {
  readonly mail: ChaosMail;
  readonly addressee: Addressee;
}
