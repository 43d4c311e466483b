/**
 * What becomes of one mail: judged, tried for each recipient, and for those that it did not reach bounced, tried again,
 * or parked (spec/ses2gs.md). The mail leaves the queue only when nothing more is to be done for any recipient, or when
 * it lies somewhere else. It rejects when what must be done now cannot be; then the mail stays in the queue.
 */
import { attempt } from './attempt.ts';
import { bounceFailed, type Fate, fateOf } from './fate.ts';
import { logger } from './log.ts';
import { count } from './metrics.ts';
import { quarantine } from './quarantine.ts';
import { judge } from './verdict.ts';
import type { Attempt, Work } from './work.ts';

export interface HandleOptions {
  readonly work: Work;
  /** Verdicts are passed over. */
  readonly isReleased: boolean;
  /** Seconds since SES took the mail in. */
  readonly age: () => number;
}

/** Handles a mail. */
export async function handleMail({ work, isReleased, age }: HandleOptions): Promise<Fate> {
  const { mail, settings } = work;
  const judgement = isReleased ? { kind: 'deliver' as const } : judge(mail, settings);
  switch (judgement.kind) {
    case 'drop':
      count('Dropped');
      logger.warn('dropped', { why: judgement.why });
      return { kind: 'done' };
    case 'quarantine':
      await quarantine(mail, judgement.why);
      count('Quarantined');
      logger.warn('quarantined', { why: judgement.why });
      return { kind: 'done' };
    case 'deliver':
      return await deliverToAll(work, age);
  }
}

async function deliverToAll(work: Work, age: () => number): Promise<Fate> {
  const attempts: Attempt[] = [];
  try {
    for (const recipient of work.mail.recipients) attempts.push(await attempt(recipient, work));
    const failed = attempts.filter((each) => each.kind === 'failed');
    const unbounced = await bounceFailed(failed, age(), work);
    return await fateOf([...attempts.filter((each) => each.kind === 'deferred'), ...unbounced], age(), work);
  } finally {
    await Promise.allSettled(attempts.map(async (each) => ('claim' in each ? await each.claim?.release() : undefined)));
  }
}
