/**
 * What a test needs of a private mail system that sees nothing but exit statuses, whichever it is.
 */
import type { PrivatePlace } from './private-place.ts';
import type { Mail } from './send-mail.ts';

/** How a delivery to one recipient went; `frozen` waits for an administrator, or a while. */
export type Outcome = 'delivered' | 'deferred' | 'bounced' | 'frozen';

export interface MailSystem {
  readonly place: PrivatePlace;
  /** Sends by SMTP and resolves to the mail system's id of the mail. */
  readonly send: (mail: Mail) => Promise<string>;
  readonly log: () => string;
  /** What became of the mail so far, in the order of the log. */
  readonly outcomes: (id: string) => Outcome[];
  /** Waits for this outcome. */
  readonly outcome: (id: string, wanted: Outcome) => Promise<void>;
  /** What the command said last and the exit status that it ended with, as far as the log has them. */
  readonly said: () => { line: string; exit?: number };
  /** Waits until no mail is left in the queue; what was deferred is tried again at once. */
  readonly emptyQueue: () => Promise<void>;
  /** Everything that came back to the sender so far. */
  readonly returned: () => string;
  readonly stop: () => Promise<void>;
}

/** How a private mail system is started: the command's words, the URL of the site, and what is shown in the place. */
export interface MailSystemOptions {
  readonly PROGRAM: string;
  readonly URL?: string;
  readonly mounts?: Record<string, string>;
  /** Deferred mail is left alone. */
  readonly triesOnce?: boolean;
}
