/** What the function has put into quarantine: the mail, and the note beside it that says why. */
import { readFileSync } from 'node:fs';
import { field, text, texts } from './aws/input.ts';
import type { S3Store } from './aws/s3-store.ts';

export interface QuarantinedMail {
  /** The key of the mail's object. */
  key: string;
  size: number;
  /** When it was put there, in ms of the stack's clock. */
  at: number;
  reason: string;
  source: string;
  recipients: string[];
}

/** All quarantined mail, in the order of their keys. */
export function quarantinedMail(s3: S3Store, bucket: string): QuarantinedMail[] {
  const objects = s3.list(bucket).filter(({ key }) => key.startsWith('quarantine/') && !key.endsWith('.json'));
  return objects.map(({ key, size, lastModified }) => {
    const object = s3.get(bucket, `${key}.json`);
    const note: unknown = object ? JSON.parse(readFileSync(s3.path(object), 'utf8')) : undefined;
    const notification = field(note, 'notification');
    return {
      key,
      size,
      at: lastModified,
      reason: text(note, 'reason') ?? 'unknown',
      source: text(field(notification, 'mail'), 'source') ?? '',
      recipients: texts(field(notification, 'receipt'), 'recipients'),
    };
  });
}
