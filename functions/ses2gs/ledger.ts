/**
 * The ledger of deliveries: Powertools idempotency on DynamoDB, one record for each mail and recipient, kept 20 days.
 * A claim keeps other workers off while a delivery is under way; it runs out when the invocation must end, so that a
 * killed one leaves nothing behind that a retry would wait for. Only what was done for good completes a record.
 *
 * The persistence layer is used without `makeIdempotent`: several recipients of one mail are bounced together, so a
 * claim must stay open over more than one call, and a mail that was posted must not be posted again because the record
 * of it could not be written.
 */
import {
  IdempotencyConfig,
  IdempotencyItemAlreadyExistsError,
  IdempotencyItemNotFoundError,
  IdempotencyRecordStatus,
} from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { ConditionalCheckFailedException, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { dynamodb } from './aws-clients.ts';

export interface Claim {
  /** Writes down that it is done for good, and how: posted, relayed, bounce-recorded, bounced. */
  complete(how: string): Promise<void>;
  /** Gives the delivery free for another try, unless it is done. */
  release(): Promise<void>;
}

export interface Ledger {
  /** Claims a delivery; rejects when the table cannot be had. `remaining`: milliseconds until the invocation ends. */
  claim(delivery: string, remaining: number): Promise<Claim | 'done' | 'claimed-by-another'>;
  /** Counts a bounce to a domain; false when the limit of the day is reached. */
  countBounce(domain: string, limit: number): Promise<boolean>;
}

const day = 86_400;
const keptFor = 20 * day;

/** Opens the ledger in a table with the key `id` and the time-to-live attribute `expiration`. */
export function openLedger(tableName: string): Ledger {
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

  const claimOf = (delivery: string): Claim => {
    let isOpen = true;
    return {
      async complete(how) {
        // Also when this fails: a record that was not completed must run out, and not be deleted.
        isOpen = false;
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
      try {
        await layer.saveInProgress(delivery, remaining);
      } catch (error) {
        if (!(error instanceof IdempotencyItemAlreadyExistsError)) throw error;
        const status = await statusOf(delivery, error);
        return status === IdempotencyRecordStatus.COMPLETED ? 'done' : 'claimed-by-another';
      }
      return claimOf(delivery);
    },

    async countBounce(domain, limit) {
      const now = new Date();
      const count = new UpdateItemCommand({
        TableName: tableName,
        Key: { id: { S: `bounces#${domain}#${now.toISOString().slice(0, 10)}` } },
        UpdateExpression: 'ADD #bounces :one SET #expiration = :expiration',
        ConditionExpression: 'attribute_not_exists(#bounces) OR #bounces < :limit',
        ExpressionAttributeNames: { '#bounces': 'bounces', '#expiration': 'expiration' },
        ExpressionAttributeValues: {
          ':one': { N: '1' },
          ':limit': { N: String(limit) },
          ':expiration': { N: String(Math.floor(now.getTime() / 1000) + 2 * day) },
        },
      });
      try {
        await dynamodb.send(count);
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },
  };
}
