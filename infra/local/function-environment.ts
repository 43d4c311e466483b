/** The environment variables of the function, as the template sets them. */
import type { Cloud } from './cloud.ts';
import { names } from './deployed-stack.ts';
import { type Site, sitesVariable } from './sites.ts';

/** What the template gives to the function, and where the emulated services are. */
export function functionEnvironment(
  cloud: Cloud,
  sites: Site[],
  configIn: 'parameter' | 'secret',
): Record<string, string> {
  const services = ['S3', 'SQS', 'DYNAMODB', 'SSM', 'SECRETS_MANAGER', 'SES'];
  return {
    SMTP2GS_SITES: sitesVariable(sites),
    ...(configIn === 'secret'
      ? { SMTP2GS_CONFIG_SECRET: names.configSecret }
      : { SMTP2GS_CONFIG_PARAMETER: names.configParameter }),
    SMTP2GS_BUCKET: names.bucket,
    SMTP2GS_PREFIX: names.prefix,
    SMTP2GS_QUEUE_URL: cloud.queueUrl(cloud.mailQueue),
    SMTP2GS_PARK_QUEUE_URL: cloud.queueUrl(cloud.parkQueue),
    SMTP2GS_LEDGER_TABLE: names.table,
    SMTP2GS_BOUNCE_SENDER: `mailer-daemon@${sites[0]?.domains[0]}`,
    SMTP2GS_EXPIRY_ACTION: 'park',
    SMTP2GS_SPAM_ACTION: 'quarantine',
    SMTP2GS_MAX_SIZE_MIB: '40',
    SMTP2GS_TIME_SOURCE: 'server',
    SMTP2GS_TIMEOUT_SECONDS: '120',
    ...Object.fromEntries(services.map((service) => [`AWS_ENDPOINT_URL_${service}`, cloud.url])),
  };
}
