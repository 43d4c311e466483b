/**
 * The ledger of deliveries: Powertools idempotency on DynamoDB, one record for each mail and recipient, kept 20 days.
 * A claim keeps other workers off while a delivery is under way; it runs out when the invocation must end, so that a
 * killed one leaves nothing behind that a retry would wait for. Only what was done for good completes a record.
 *
 * The persistence layer is used without `makeIdempotent`: several recipients of one mail are bounced together, so a
 * claim must stay open over more than one call, and a mail that was posted must not be posted again because the record
 * of it could not be written.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  IdempotencyConfig,
  IdempotencyItemAlreadyExistsError,
  IdempotencyItemNotFoundError,
  IdempotencyRecordStatus,
} from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { type AttributeValue, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { dynamodb } from './aws-clients.ts';

export interface Claim {
  /** Writes down that it is done for good, and how: posted, relayed, bounce-recorded, bounced, bounce-suppressed. */
  complete(how: string): Promise<void>;
  /** Gives the delivery free for another try, unless it is done. */
  release(): Promise<void>;
}

export interface Ledger {
  /** Claims a delivery; rejects when the table cannot be had. `remaining`: milliseconds until the invocation ends. */
  claim(delivery: string, remaining: number): Promise<Claim | 'done' | 'claimed-by-another'>;
  /** Gives the number of bounces to a domain today. */
  bouncesToday(domain: string): Promise<number>;
  countBounce(domain: string): Promise<void>;
}

const day = 86_400;
const keptFor = 20 * day;

/**
 * Milliseconds between tries to write down what is done, beyond those of the SDK: what is not written would be done again
 * with the recipients of the mail that are still to be reached. And what is left to the invocation after the last one.
 */
const pauses = [500, 1500, 3000];
const timeToEnd = 10_000;

let opened: { readonly tableName: string; readonly ledger: Ledger } | undefined;

/** Opens the ledger in a table with the key `id` and the time-to-live attribute `expiration`; once for each table. */
export function openLedger(tableName: string): Ledger {
  if (opened?.tableName !== tableName) opened = { tableName, ledger: ledgerIn(tableName) };
  return opened.ledger;
}

function ledgerIn(tableName: string): Ledger {
  const layer = new DynamoDBPersistenceLayer({ tableName, awsSdkV3Client: dynamodb });
  const config = new IdempotencyConfig({ expiresAfterSeconds: keptFor, hashFunction: 'sha256' });
  layer.configure({ config, keyPrefix: 'delivery' });

  /** DynamoDB hands the record over with its refusal; an emulator may not. */
  const statusOf = async (delivery: string, error: IdempotencyItemAlreadyExistsError) => {
    try {
      return (error.existingRecord ?? (await layer.getRecord(delivery))).getStatus();
    } catch (missing) {
      if (missing instanceof IdempotencyItemNotFoundError) return IdempotencyRecordStatus.EXPIRED;
      throw missing;
    }
  };

  const claimOf = (delivery: string, end: number): Claim => {
    let isOpen = true;
    return {
      async complete(how) {
        // Also when this fails: a record that was not completed must run out, and not be deleted.
        isOpen = false;
        for (const pause of pauses) {
          try {
            return await layer.saveSuccess(delivery, how);
          } catch (error) {
            if (performance.now() + pause + timeToEnd > end) throw error;
            await sleep(pause);
          }
        }
        await layer.saveSuccess(delivery, how);
      },
      async release() {
        if (isOpen) await layer.deleteRecord(delivery);
        isOpen = false;
      },
    };
  };

  return {
    async claim(delivery, remaining) {
      const end = performance.now() + remaining;
      try {
        await layer.saveInProgress(delivery, remaining);
      } catch (error) {
        if (!(error instanceof IdempotencyItemAlreadyExistsError)) throw error;
        const status = await statusOf(delivery, error);
        return status === IdempotencyRecordStatus.COMPLETED ? 'done' : 'claimed-by-another';
      }
      return claimOf(delivery, end);
    },

    async bouncesToday(domain) {
      const { Item } = await dynamodb.send(new GetItemCommand({ TableName: tableName, Key: bouncesOf(domain) }));
      return Number(Item?.['bounces']?.N ?? 0);
    },

    async countBounce(domain) {
      const count = new UpdateItemCommand({
        TableName: tableName,
        Key: bouncesOf(domain),
        UpdateExpression: 'ADD #bounces :one SET #expiration = :expiration',
        ExpressionAttributeNames: { '#bounces': 'bounces', '#expiration': 'expiration' },
        ExpressionAttributeValues: {
          ':one': { N: '1' },
          ':expiration': { N: String(Math.floor(Date.now() / 1000) + 2 * day) },
        },
      });
      await dynamodb.send(count);
    },
  };
}

/** The record of a domain and a day, by UTC. */
function bouncesOf(domain: string): Record<string, AttributeValue> {
  return { id: { S: `bounces#${domain}#${new Date().toISOString().slice(0, 10)}` } };
}
