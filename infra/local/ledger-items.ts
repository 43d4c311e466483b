/** Reads the whole ledger table, for tests and the web page. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';

/** All items, as plain values. */
export async function readLedger(client: DynamoDBClient, table: string): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = [];
  const pages = paginateScan({ client: DynamoDBDocumentClient.from(client) }, { TableName: table });
  for await (const { Items = [] } of pages) items.push(...Items);
  return items;
}
