/**
 * One message of the queue, from its text to the answer whether it is done with. Whatever goes wrong, it does not
 * reject: the message then stays in the queue, and is seen again as the schedule says.
 */
import { DeliveryFailure } from '../core/delivery-status.ts';
import { deferred } from './attempt.ts';
import { nameOf } from './aws-failure.ts';
import { type Fate, fateOf } from './fate.ts';
import { handleMail } from './handle-mail.ts';
import { openLedger } from './ledger.ts';
import { logger, withoutAddresses } from './log.ts';
import { openMail } from './mail-store.ts';
import { count, measure } from './metrics.ts';
import { type QueueMessage, readNotification } from './notification.ts';
import { quarantinePrefix } from './quarantine.ts';
import { park, retryIn } from './queue.ts';
import { notificationOf, type Reading, type ReceivedMail } from './received-mail.ts';
import { expiryAge, waitAfter } from './schedule.ts';
import type { Queues, Settings } from './settings.ts';
import type { Work } from './work.ts';

/** What an invocation has for each of its messages. */
export interface World {
  readonly queues: Queues;
  /** The settings, or what is wrong with them. */
  readonly settings: Settings | DeliveryFailure;
  /** Milliseconds until the invocation ends. */
  readonly remaining: () => number;
}

/** Milliseconds that are kept for what follows the reading of a mail. */
const timeToEnd = 5000;

/** Handles a message; false when it has to stay in the queue. */
export async function handleMessage(message: QueueMessage, world: World): Promise<boolean> {
  logger.setCorrelationId(message.id);
  const reading = isOurs(message, world.queues) ? readNotification(message.body) : foreign;
  try {
    return await handle(reading, message, world);
  } catch (error) {
    logger.error('what was to be done with the message failed', { error });
    const age = ageOf(reading.kind === 'mail' ? reading.mail : undefined, message);
    if (age >= expiryAge && (await parkedAtLast(message, error, world))) return true;
    await seeAgain(message, { retryAfter: 0, isUntried: false }, age, world);
    return false;
  }
}

/** Whoever maps another queue to the function must not have its mail read, posted or bounced with our permissions. */
const foreign: Reading = { kind: 'unusable', why: 'the message comes from a queue that is not ours' };

function isOurs({ queueName }: QueueMessage, { mailQueueUrl }: Queues): boolean {
  return queueName === undefined || mailQueueUrl === undefined || mailQueueUrl.split('/').at(-1) === queueName;
}

async function handle(reading: Reading, message: QueueMessage, world: World): Promise<boolean> {
  switch (reading.kind) {
    case 'ignored':
      count('Ignored');
      logger.info('ignored', { why: reading.why });
      return true;
    case 'unusable':
      await parkBody(message.body, reading.why, message, world);
      return true;
    case 'mail':
      return await follow(await fateOfMail(reading.mail, message, world), reading.mail, message, world);
  }
}

async function fateOfMail(mail: ReceivedMail, message: QueueMessage, world: World): Promise<Fate> {
  logger.setCorrelationId(mail.messageId);
  const { settings } = world;
  const age = () => ageOf(mail, message);
  measure('Attempts', message.receiveCount);
  measure('MailAgeSeconds', age());
  if (settings instanceof DeliveryFailure) {
    return await fateOf(
      mail.recipients.map((recipient) => deferred(recipient, settings)),
      age(),
    );
  }
  const stranger = strangeness(mail, settings);
  if (stranger !== undefined) return { kind: 'park', recipients: mail.recipients, reason: stranger };
  const work = {
    mail,
    settings,
    ledger: openLedger(settings.ledgerTable),
    again: message.again,
    stored: opener(mail, world),
    remaining: world.remaining,
  };
  return await handleMail({ work, isReleased: message.isReleased, age });
}

async function follow(fate: Fate, mail: ReceivedMail, message: QueueMessage, world: World): Promise<boolean> {
  switch (fate.kind) {
    case 'done':
      return true;
    case 'park': {
      const body = JSON.stringify(notificationOf(mail, { recipients: fate.recipients }));
      await parkBody(body, fate.reason, message, world);
      return true;
    }
    case 'retry':
      await seeAgain(message, fate, ageOf(mail, message), world);
      return false;
  }
}

/** Says what a mail has in it that ours do not: then somebody else's mail would be read with our permissions. */
function strangeness({ bucket, key }: ReceivedMail, settings: Settings): string | undefined {
  if (bucket !== settings.bucket) return 'the mail lies in a bucket that is not ours';
  const isOurs = key.startsWith(settings.prefix) || key.startsWith(quarantinePrefix);
  return isOurs ? undefined : 'the mail does not lie where mail is stored';
}

/** Opens the mail when it is first asked for. */
function opener(mail: ReceivedMail, { remaining }: World): Work['stored'] {
  let opened: ReturnType<Work['stored']> | undefined;
  const open = async () => {
    const message = await openMail(mail, AbortSignal.timeout(Math.max(1, remaining() - timeToEnd)));
    if (message) measure('MailBytes', message.size);
    return message;
  };
  return () => {
    opened ??= open();
    return opened;
  };
}

async function parkBody(body: string, reason: string, message: QueueMessage, { queues }: World): Promise<void> {
  if (queues.parkQueueUrl === undefined)
    throw new DeliveryFailure('config-invalid', 'SMTP2GS_PARK_QUEUE_URL is not set');
  await park(body, reason, queues.parkQueueUrl, message);
  count('Parked');
  logger.warn('parked', { reason: withoutAddresses(reason) });
}

/** Parks a message that cannot be handled: the queue would delete it one day. */
async function parkedAtLast(message: QueueMessage, cause: unknown, world: World): Promise<boolean> {
  try {
    await parkBody(message.body, `${nameOf(cause)}, see the log`, message, world);
    return true;
  } catch (error) {
    logger.error('the message could not be parked', { error });
    return false;
  }
}

/** Hides the message until its next try; when that fails, the queue shows it again by its own time-out. */
async function seeAgain(
  message: QueueMessage,
  { retryAfter, isUntried }: { retryAfter: number; isUntried: boolean },
  age: number,
  { queues }: World,
): Promise<void> {
  const receiveCount = isUntried ? 1 : message.receiveCount;
  const seconds = waitAfter({ receiveCount, age, retryAfter, random: Math.random() });
  logger.info('to be tried again', { seconds, receiveCount: message.receiveCount, age });
  try {
    if (queues.mailQueueUrl === undefined) throw new Error('SMTP2GS_QUEUE_URL is not set');
    await retryIn(seconds, message, queues.mailQueueUrl);
  } catch (error) {
    logger.error('the time of the next try could not be set', { error });
  }
}

/** Seconds since SES took the mail in; where it does not say when, since the message came into the queue. */
function ageOf(mail: ReceivedMail | undefined, { sentAt }: QueueMessage): number {
  const since = mail?.receivedAt ?? sentAt ?? Date.now();
  return Math.max(0, Math.round((Date.now() - since) / 1000));
}
