/**
 * Asks the ledger whether a mail has reached a recipient. The names of its records are made as the function makes them
 * (functions/ses2gs/ledger.ts, by Powertools idempotency); a test compares the two.
 */

import { createHash } from 'node:crypto';
import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';

/** Milliseconds. The ledger forgets after 20 days; a day is left for what was delivered late. */
export const ledgerMemory = 19 * 86_400_000;

/** Says whether the mail was delivered to this recipient, or bounced. */
export async function isDelivered(
  dynamodb: DynamoDBClient,
  table: string,
  messageId: string,
  recipient: string,
): Promise<boolean> {
  const at = recipient.lastIndexOf('@');
  const name = `${messageId}#${recipient.slice(0, at)}${recipient.slice(at).toLowerCase()}`;
  const id = `delivery#${createHash('sha256').update(JSON.stringify(name)).digest('base64')}`;
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName: table, Key: { id: { S: id } } }));
  // DynamoDB deletes what has expired within days, not at once.
  return Item?.['status']?.S === 'COMPLETED' && Number(Item['expiration']?.N) * 1000 > Date.now();
}
