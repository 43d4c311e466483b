/**
 * What a receipt rule does with an accepted mail: store it in S3, then announce it through SNS, both by the real
 * protocol. A step that fails is tried again for 4 hours, as SES does; then the mail is given up and counted.
 */
import { createReadStream, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Ses } from './aws/ses.ts';
import type { ReceivedMail } from './aws/ses-dsn.ts';
import type { Clock } from './clock.ts';
import { notification } from './ses-notification.ts';
import type { Verdicts } from './ses-verdicts.ts';

/** A mail in the spool, and all that SES knows of it. */
export interface SpooledMail extends ReceivedMail {
  verdicts: Verdicts;
}

export interface RuleActionTargets {
  s3: S3Client;
  sns: SNSClient;
  clock: Clock;
  /** Told of each failed try (SES's PublishFailure), and of a mail given up (PublishExpired). */
  onFailure?: (metric: 'PublishFailure' | 'PublishExpired', error: unknown) => void;
}

export interface RuleActions {
  /** Carries out the rules for the mail, in the background. */
  start(mail: SpooledMail): void;
  waiting(): number;
  /** No more tries; what is under way is left in the spool. */
  stop(): void;
}

const giveUpAfter = 4 * 3_600_000;

/** `file` says where a mail is spooled; `done` is told when nothing is left to do for it. */
export function createRuleActions(
  options: RuleActionTargets & { ses: Ses; file: (messageId: string) => string; done: (mail: SpooledMail) => void },
): RuleActions {
  const { s3, sns, clock } = options;
  const stopped = new AbortController();
  let waiting = 0;

  /** Tries one step until it is done; false when it never was. */
  async function persist(step: () => Promise<unknown>): Promise<boolean> {
    const deadline = clock.now() + giveUpAfter;
    for (let wait = 100; !stopped.signal.aborted; wait = Math.min(wait * 2, 5000)) {
      try {
        await step();
        return true;
      } catch (error) {
        const expired = clock.now() > deadline;
        options.onFailure?.(expired ? 'PublishExpired' : 'PublishFailure', error);
        if (expired) return false;
        await delay(wait, undefined, { signal: stopped.signal });
      }
    }
    throw stopped.signal.reason;
  }

  async function carryOut(mail: SpooledMail): Promise<void> {
    const path = options.file(mail.messageId);
    // The rules as they are now: a later change is for later mail.
    const matching = mail.recipients.flatMap((recipient) =>
      options.ses.rules.matching(recipient).map((rule) => ({ rule, recipient })),
    );
    for (const [rule, matches] of Map.groupBy(matching, ({ rule }) => rule)) {
      const recipients = matches.map(({ recipient }) => recipient);
      const message = JSON.stringify(notification(mail, recipients, rule));
      const target = { Bucket: rule.bucket, Key: `${rule.prefix}${mail.messageId}` };
      const store = () =>
        s3.send(new PutObjectCommand({ ...target, Body: createReadStream(path), ContentLength: statSync(path).size }));
      const announce = () =>
        sns.send(
          new PublishCommand({
            TopicArn: rule.topicArn,
            Subject: 'Amazon SES Email Receipt Notification',
            Message: message,
          }),
        );
      if (await persist(store)) await persist(announce);
    }
    options.done(mail);
  }

  return {
    start: (mail) => {
      waiting += 1;
      carryOut(mail)
        .catch(() => undefined) // stopped: the mail is still in the spool
        .finally(() => {
          waiting -= 1;
        });
    },
    waiting: () => waiting,
    stop: () => stopped.abort(),
  };
}
