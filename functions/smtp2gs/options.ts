/**
 * The table of options: what `--help`, the man page, the README's list and the parser are made of. It knows how an
 * option is written and what values it takes, not what is done with them.
 */

export interface OptionRow {
  readonly long: string;
  readonly short?: string;
  /** Name of the value in the help; an option without it is a switch. */
  readonly value?: string;
  readonly help: string;
  /** What the help says of the default. */
  readonly defaultText?: string;
  /** The values that are taken; any, where it is missing. */
  readonly choices?: readonly string[];
  /** The value is a whole number of at least 1. */
  readonly isCount?: boolean;
}

export const deliveryOptions = [
  { long: 'help', short: 'h', help: 'Show this help.' },
  { long: 'version', short: 'V', help: 'Show the version.' },
  {
    long: 'max-size',
    short: 'm',
    value: 'MIB',
    isCount: true,
    defaultText: '200',
    help: 'The largest mail that is accepted, in MiB.',
  },
  {
    long: 'list',
    short: 'l',
    value: 'LISTID',
    help: 'Add every mail to this group, without a look-up, whatever its recipient is.',
  },
  {
    long: 'file',
    short: 'f',
    value: 'FILE',
    defaultText: '-',
    help: 'Read the mail from this file; - is the standard input.',
  },
  {
    long: 'time-source',
    short: 't',
    value: 'SOURCE',
    choices: ['server', 'message'],
    defaultText: 'server',
    help: 'Where the time of the post comes from: the server, or the Date of the message.',
  },
  {
    long: 'config',
    short: 'c',
    value: 'FILE',
    defaultText:
      '$INSTANCE_HOME/etc/gsconfig.ini if INSTANCE_HOME is set, else /etc/smtp2gs/gsconfig.ini, else etc/gsconfig.ini',
    help: 'The configuration file, which holds the token.',
  },
  {
    long: 'instance',
    short: 'i',
    value: 'NAME',
    defaultText: 'default',
    help: 'Which set of the configuration file is used: [config-NAME].',
  },
  {
    long: 'recipient',
    short: 'r',
    value: 'ADDRESS',
    defaultText: 'ORIGINAL_RECIPIENT of the environment, else the first X-Original-To of the mail',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a macro of Postfix
    help: "The envelope recipient, such as Postfix's ${original_recipient}.",
  },
  { long: 'queue-id', value: 'ID', help: "The mail system's id of the mail, for the log." },
  { long: 'sender', value: 'ADDRESS', help: 'The envelope sender, for the log; empty for the null sender.' },
  { long: 'ca-file', value: 'FILE', help: 'Trust the certificates in this file (PEM) instead of the well-known ones.' },
  { long: 'insecure', help: 'Do not verify the certificate of the server.' },
  {
    long: 'timeout',
    value: 'SECONDS',
    isCount: true,
    defaultText: '240',
    help: 'The deadline of the whole delivery, counted from the start of the process. Keep it below the time limit of the mail system.',
  },
  {
    long: 'slots',
    value: 'N',
    isCount: true,
    defaultText: '1',
    help: 'How many deliveries of this host may run at once. One that gets no slot within 5 seconds is deferred.',
  },
  {
    long: 'lock-dir',
    value: 'DIR',
    defaultText: '/run/smtp2gs if it is ours, else /run/lock/smtp2gs-UID, else /var/tmp/smtp2gs-UID',
    help: 'Where the slots are kept: a directory that nobody else can write to.',
  },
  {
    long: 'spool-dir',
    value: 'DIR',
    defaultText: '$TMPDIR, else /var/tmp',
    help: 'Where a mail above 1 MiB waits while it is sent, in a file that has no name.',
  },
  {
    long: 'exit-style',
    value: 'STYLE',
    choices: ['sysexits', 'qmail'],
    defaultText: 'sysexits',
    help: 'What the exit status means: that of sysexits.h, or that of qmail (111 deferred, 100 bounced).',
  },
  {
    long: 'log',
    value: 'FILE',
    defaultText: 'no log',
    help: 'Append one line of JSON to this file for each mail.',
  },
] as const satisfies readonly OptionRow[];

export type OptionName = (typeof deliveryOptions)[number]['long'];

/** The first words that make the command something else than a delivery. */
export const subcommands = {
  lmtp: 'take mail by LMTP, without a process for each mail',
  doctor: 'check what a delivery needs, with a remedy for each finding',
  explain: 'tell what would be done with a mail, or what an HTTP status means',
  'mta-config': 'print the configuration for a mail system',
} as const;

export type Subcommand = keyof typeof subcommands;

export function isSubcommand(word: string): word is Subcommand {
  return Object.hasOwn(subcommands, word);
}

/** The sentence under "usage" and in the man page's NAME. */
export const summary = 'hands a mail over to GroupServer';
