/**
 * Puts a suspicious mail aside: `quarantine/<message id>` is the mail as it came, `quarantine/<message id>.json` says why
 * and holds the notification, which `npm run release` sends into the queue as it stands there. Rejects when S3 fails.
 */
import { copyMail } from './mail-store.ts';
import { notificationOf, type ReceivedMail } from './received-mail.ts';

/** What the keys of quarantined mail begin with. */
export const quarantinePrefix = 'quarantine/';

export async function quarantine(mail: ReceivedMail, reason: string): Promise<void> {
  const key = quarantinePrefix + mail.messageId;
  const note = { reason, quarantinedAt: new Date().toISOString(), notification: notificationOf(mail, { key }) };
  await copyMail(mail, key, { key: `${key}.json`, text: `${JSON.stringify(note, undefined, 2)}\n` });
}
