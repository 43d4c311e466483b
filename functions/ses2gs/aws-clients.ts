/**
 * The AWS clients on the path of every mail, made once per process, with kept connections and time-outs that leave a
 * failing service for the next try of the mail. Endpoints come from the SDK's own `AWS_ENDPOINT_URL*`. The clients for
 * the secret and for bounces are made where they are needed.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';

/** Milliseconds, for one of the SDK's three attempts. */
export const requestHandler = { connectionTimeout: 2000, requestTimeout: 3000, throwOnRequestTimeout: true };

export const s3 = new S3Client({
  // An endpoint of one's own seldom has a host name for each bucket.
  forcePathStyle: process.env['AWS_ENDPOINT_URL_S3'] !== undefined,
  requestChecksumCalculation: 'WHEN_REQUIRED',
  responseChecksumValidation: 'WHEN_REQUIRED',
  requestHandler: { ...requestHandler, requestTimeout: 10_000, socketTimeout: 30_000 },
});

export const sqs = new SQSClient({ requestHandler });

export const dynamodb = new DynamoDBClient({ requestHandler });
