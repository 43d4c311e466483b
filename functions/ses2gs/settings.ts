/**
 * Reads the environment of the function (names: spec/ses2gs.md) into typed settings. What is wrong with it is
 * `config-invalid` and names the variable: mail is then deferred, and never bounced for it.
 */
import { DeliveryFailure } from '../core/delivery-status.ts';
import type { TimeSource } from '../core/groupserver.ts';
import { bytesPerMebibyte } from '../core/limit.ts';
import { parseSites, type Sites } from './sites.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where messages of the queue go; undefined where the environment does not say it. */
export interface Queues {
  readonly mailQueueUrl: string | undefined;
  readonly parkQueueUrl: string | undefined;
}

/** Where the text of gsconfig.ini is kept. */
export interface ConfigPlace {
  readonly service: 'ssm' | 'secrets-manager';
  readonly name: string;
}

export interface Settings {
  readonly sites: Sites;
  readonly config: ConfigPlace;
  readonly bucket: string;
  /** What the keys of inbound mail begin with. */
  readonly prefix: string;
  readonly ledgerTable: string;
  readonly bounceSender: string;
  readonly expiryAction: 'park' | 'bounce';
  readonly spamAction: 'quarantine' | 'deliver' | 'drop';
  /** Bytes. */
  readonly maxSize: number;
  readonly timeSource: TimeSource;
  /** Milliseconds; the longest that one delivery to one recipient may take. */
  readonly timeout: number;
}

/** Reads what is needed to keep a mail, even where the rest of the environment is wrong. */
export function readQueues(environment: Environment): Queues {
  return {
    mailQueueUrl: environment['SMTP2GS_QUEUE_URL'] || undefined,
    parkQueueUrl: environment['SMTP2GS_PARK_QUEUE_URL'] || undefined,
  };
}

export function readSettings(environment: Environment): Settings {
  const required = (name: string) => environment[name] || fail(name, 'is not set');
  const choice = <Value extends string>(name: string, values: readonly [Value, ...Value[]]): Value => {
    const text = environment[name] || values[0];
    return values.find((value) => value === text) ?? fail(name, `is none of ${values.join(', ')}`);
  };
  const count = (name: string, unset: number) => {
    const text = environment[name] || String(unset);
    return /^[1-9]\d{0,5}$/.test(text) ? Number(text) : fail(name, 'is no whole number above 0');
  };
  return {
    sites: parseSites(required('SMTP2GS_SITES')),
    config: configPlace(environment),
    bucket: required('SMTP2GS_BUCKET'),
    prefix: environment['SMTP2GS_PREFIX'] ?? 'inbound/',
    ledgerTable: required('SMTP2GS_LEDGER_TABLE'),
    bounceSender: required('SMTP2GS_BOUNCE_SENDER'),
    expiryAction: choice('SMTP2GS_EXPIRY_ACTION', ['park', 'bounce']),
    spamAction: choice('SMTP2GS_SPAM_ACTION', ['quarantine', 'deliver', 'drop']),
    maxSize: count('SMTP2GS_MAX_SIZE_MIB', 40) * bytesPerMebibyte,
    timeSource: choice('SMTP2GS_TIME_SOURCE', ['server', 'message']),
    timeout: count('SMTP2GS_TIMEOUT_SECONDS', 120) * 1000,
  };
}

function configPlace(environment: Environment): ConfigPlace {
  const parameter = environment['SMTP2GS_CONFIG_PARAMETER'];
  const secret = environment['SMTP2GS_CONFIG_SECRET'];
  if (secret) return { service: 'secrets-manager', name: secret };
  if (parameter) return { service: 'ssm', name: parameter };
  return fail('SMTP2GS_CONFIG_PARAMETER', 'is not set, and neither is SMTP2GS_CONFIG_SECRET');
}

function fail(name: string, why: string): never {
  throw new DeliveryFailure('config-invalid', `${name} ${why}`);
}
