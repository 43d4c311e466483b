/**
 * Turns the command line of a delivery into typed settings, with the defaults of the contract. It opens no file. The
 * environment is read here and nowhere else. What is wrong is a UsageError.
 */
import type { TimeSource } from '../core/groupserver.ts';
import type { Envelope } from '../core/recipient.ts';
import { deliveryOptions, type OptionName } from './options.ts';
import { parseOptions } from './parse-options.ts';
import { UsageError } from './usage-error.ts';

export interface Arguments {
  readonly url: string;
  /** MiB. */
  readonly maxSize: number;
  /** Path, or `-` for the standard input. */
  readonly file: string;
  readonly timeSource: TimeSource;
  /** The places where the configuration file may be; the first that exists. */
  readonly config: readonly string[];
  readonly instance: string;
  readonly envelope: Envelope;
  readonly queueId: string | undefined;
  readonly caFile: string | undefined;
  readonly insecure: boolean;
  /** Seconds. */
  readonly timeout: number;
  readonly slots: number;
  readonly lockDir: string | undefined;
  readonly spoolDir: string;
  readonly exitStyle: 'sysexits' | 'qmail';
  /** Path; undefined for no log. */
  readonly log: string | undefined;
}

export type ParsedArguments = { kind: 'help' } | { kind: 'version' } | { kind: 'deliver'; options: Arguments };

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the command line of a delivery. */
export function parseArguments(argv: readonly string[], environment: Environment = process.env): ParsedArguments {
  const { values, operands } = parseOptions(deliveryOptions, argv);
  const value = (name: OptionName) => values.get(name);
  if (values.has('help')) return { kind: 'help' };
  if (values.has('version')) return { kind: 'version' };
  const [url, ...more] = operands;
  if (url === undefined) throw new UsageError('no URL given, such as https://groups.example.com; see smtp2gs --help');
  if (more.length > 0) throw new UsageError(`one URL is taken, not ${operands.length}; see smtp2gs --help`);
  const list = value('list');
  if (list !== undefined && !/^[\x21-\x7e]+$/.test(list)) throw new UsageError('--list must be the id of a group');
  return {
    kind: 'deliver',
    options: {
      url,
      maxSize: Number(value('max-size') ?? 200),
      file: value('file') ?? '-',
      timeSource: value('time-source') === 'message' ? 'message' : 'server',
      config: configPlaces(value('config'), environment),
      instance: value('instance') ?? 'default',
      envelope: envelopeOf(value, environment),
      queueId: value('queue-id'),
      caFile: value('ca-file'),
      insecure: values.has('insecure'),
      timeout: Number(value('timeout') ?? 240),
      slots: Number(value('slots') ?? 1),
      lockDir: value('lock-dir'),
      spoolDir: spoolPlace(value('spool-dir'), environment),
      exitStyle: value('exit-style') === 'qmail' ? 'qmail' : 'sysexits',
      log: value('log'),
    },
  };
}

/** What the mail system, or a person, says of the envelope. */
export function envelopeOf(
  value: (name: OptionName) => string | undefined,
  environment: Environment = process.env,
): Envelope {
  const given = {
    recipient: value('recipient'),
    environmentRecipient: environment['ORIGINAL_RECIPIENT'],
    sender: value('sender') ?? environment['SENDER'],
    list: value('list'),
  };
  const known = Object.entries(given).filter((entry) => entry[1] !== undefined);
  return Object.fromEntries(known);
}

/** The places where the configuration file may be. */
export function configPlaces(given: string | undefined, environment: Environment = process.env): readonly string[] {
  if (given !== undefined) return [given];
  const home = environment['INSTANCE_HOME'];
  return home ? [`${home}/etc/gsconfig.ini`] : ['/etc/smtp2gs/gsconfig.ini', 'etc/gsconfig.ini'];
}

/** The directory for large mail. */
export function spoolPlace(given: string | undefined, environment: Environment = process.env): string {
  return given ?? (environment['TMPDIR'] || '/var/tmp');
}
