/** What a door is to a chaos run: a way in for mail, incidents that may happen to it, and what is seen behind it. */
import type { NetConnectOpts } from 'node:net';
import type { IncidentKind } from './incident.ts';
import type { Delivery, EndRule, Sighting } from './sighting.ts';

/** How a door that schedules its own tries treats a server that is in trouble. */
export interface Manner {
  /** What was measured, with the figure. */
  readonly text: string;
  readonly isGood: boolean;
}

export interface WatchedProcess {
  readonly what: string;
  readonly pid: number;
}

/** A mail that was accepted: what the SMTP client's log has of it. */
export interface AcceptedMail {
  readonly deliveries: readonly Delivery[];
  /** What the mail system said. */
  readonly reply: string;
}

export interface Door {
  readonly name: string;
  /** Where it takes SMTP. */
  readonly where: NetConnectOpts;
  /** The domain of the sender of a mail. */
  readonly senderDomain: (number: number) => string;
  readonly incidents: readonly IncidentKind[];
  /** How many mails it has accepted and not tried yet. */
  readonly backlog: () => number;
  /** Ends all trouble. */
  readonly calm: () => Promise<void>;
  /** Lets everything that waits be tried until nothing is left; `say` is told how much is. */
  readonly drain: (say: (left: number) => void) => Promise<void>;
  /** Where the accepted mail is seen now. */
  readonly see: (accepted: readonly AcceptedMail[]) => Promise<Sightings>;
  /** Puts parked mail back, as an administrator does when the trouble is over; what it was parked for no longer holds. */
  readonly redrive?: () => Promise<void>;
  /** The processes whose memory must not grow. */
  readonly processes: () => WatchedProcess[];
  /** Looks at its manners; undefined for a door that does not schedule anything. */
  readonly manners?: (send: (count: number) => Promise<void>) => Promise<Manner[]>;
  readonly stop: () => Promise<void>;
}

export interface Sightings {
  readonly sightings: readonly Sighting[];
  readonly mayEnd: EndRule;
  readonly interrupted: (delivery: Delivery) => number;
  /** Contradictions between what was seen and the books of the door itself. */
  readonly contradictions: readonly string[];
  /** Figures for the printed ledger. */
  readonly notes: Readonly<Record<string, number | string>>;
}
