/**
 * How the operator scripts talk to AWS: with time-outs that a person waits for. Credentials and profile are the SDK's
 * own affair, and so are endpoints other than AWS's (`AWS_ENDPOINT_URL*`, as for the local stack).
 */
import { S3Client } from '@aws-sdk/client-s3';
import { SESClient } from '@aws-sdk/client-ses';

/** What every client is made with. */
export const clientConfig = (region: string | undefined) => ({
  // Milliseconds. A long poll takes seconds.
  requestHandler: { connectionTimeout: 5000, requestTimeout: 30_000, throwOnRequestTimeout: true },
  ...(region === undefined ? {} : { region }),
});

export function s3Client(region: string): S3Client {
  const { env } = process;
  return new S3Client({
    ...clientConfig(region),
    // An endpoint of one's own seldom has a host name for each bucket.
    forcePathStyle: (env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL']) !== undefined,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

/** SES takes one call a second of the account, whoever makes it: patience is the only remedy. */
export function sesClient(region: string): SESClient {
  return new SESClient({ ...clientConfig(region), maxAttempts: 8 });
}
