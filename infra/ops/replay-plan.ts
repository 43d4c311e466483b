/**
 * Decides for each stored mail whether it is to be announced again, and to whom: not what is in quarantine, not what the
 * ledger knows as delivered, nothing without a recipient, and nothing older than the ledger's memory.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Header } from '../../functions/core/header.ts';
import { isDelivered, ledgerMemory } from './delivered.ts';
import { rebuiltNotification } from './rebuilt-notification.ts';
import { readStoredHeader, type StoredMail } from './stored-mail.ts';

export interface ReplayRules {
  readonly s3: S3Client;
  readonly dynamodb: DynamoDBClient;
  readonly bucket: string;
  readonly topicArn: string;
  readonly ledgerTable: string;
  /** Ids of the mail that can be had out of quarantine. */
  readonly quarantined: ReadonlySet<string>;
  /** The domains whose mail SES takes in, in lower case. */
  readonly domains: readonly string[];
  /** Recipients that the operator gave; without any, the one that SES has written into the mail. */
  readonly recipients: readonly string[];
  /** The ledger is passed over. */
  readonly isAgain: boolean;
}

/** What is to be done with a mail. */
export interface PlannedReplay {
  readonly messageId: string;
  readonly storedAt: string;
  readonly sender: string | null;
  readonly recipients: readonly string[];
  /** Addresses of ours in To and Cc that are no recipients; they may have been, but anybody could have written them. */
  readonly alsoNamed: readonly string[];
  /** Why it is left out; null where it is not. */
  readonly leftOut: string | null;
  /** What goes into the queue. */
  readonly notification: object;
}

/** The one reason to leave a mail out that leaves nothing to be wished for. */
export const delivered = 'delivered';

/** Plans the replay of a mail. */
export async function planReplay(mail: StoredMail, rules: ReplayRules): Promise<PlannedReplay> {
  const header = await readStoredHeader(rules.s3, rules.bucket, mail);
  const { recipients, sender, notification } = rebuiltNotification(mail, header, rules);
  return {
    messageId: mail.messageId,
    storedAt: mail.storedAt.toISOString(),
    sender,
    recipients,
    alsoNamed: addressesOfOurs(header, rules.domains).filter((address) => !recipients.includes(address)),
    leftOut: await reasonToLeaveOut(mail, recipients, rules),
    notification,
  };
}

async function reasonToLeaveOut(
  { messageId, storedAt }: StoredMail,
  recipients: readonly string[],
  { quarantined, isAgain, dynamodb, ledgerTable }: ReplayRules,
): Promise<string | null> {
  if (quarantined.has(messageId)) return 'in quarantine: npm run release';
  if (recipients.length === 0) return 'no recipient known: give --recipient';
  if (isAgain) return null;
  if (Date.now() - storedAt.getTime() > ledgerMemory) return 'too old for the ledger to know: give --again';
  const known = await Promise.all(recipients.map((each) => isDelivered(dynamodb, ledgerTable, messageId, each)));
  return known.every(Boolean) ? delivered : null;
}

function addressesOfOurs(header: Header, domains: readonly string[]): string[] {
  const fields = header.filter(({ name }) => /^(to|cc)$/i.test(name)).map(({ body }) => body);
  const addresses = fields.flatMap((body) => body.match(/[^\s<>",;:()]+@[A-Za-z0-9.-]+/g) ?? []);
  return [...new Set(addresses)].filter((address) =>
    domains.includes(address.slice(address.lastIndexOf('@') + 1).toLowerCase()),
  );
}
