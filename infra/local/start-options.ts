/** The options of `npm start` and `npm run demo`. Wrong ones end in one line that says what is wrong. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { StackOptions } from './stack-options.ts';

export interface StartOptions {
  stack: StackOptions;
  webPort?: number;
  help: boolean;
}

/** What `--help` prints. */
export const helpText = `Runs the serverless door on this machine: SMTP, SES, S3, SNS, SQS, Lambda, GroupServer, and a web page for all of it.

  npm start -- [options]

  --smtp-port N           port for mail (any free one)
  --web-port N            port of the web page (any free one)
  --aws-port N            port of the emulated AWS services (any free one)
  --group-server-port N   port of the reference GroupServer (any free one)
  --domain NAME           domain of the groups (groups.example.com)
  --groups A,B            ids of the groups (example_group,second_group,third_group)
  --bundle FOLDER         the bundle to run (dist/ses2gs)
  --keep FOLDER           keeps mail, queues, ledger and posts there; the next start goes on with them
  --help                  prints this

Everything listens on 127.0.0.1 only. Ctrl-C stops everything.
`;

/** Reads the command line; throws an Error with one line when it makes no sense. */
export function readStartOptions(args: string[]): StartOptions {
  const { values } = parseArgs({
    args,
    options: {
      'smtp-port': { type: 'string' },
      'web-port': { type: 'string' },
      'aws-port': { type: 'string' },
      'group-server-port': { type: 'string' },
      domain: { type: 'string' },
      groups: { type: 'string' },
      bundle: { type: 'string' },
      keep: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const port = (name: 'smtp-port' | 'web-port' | 'aws-port' | 'group-server-port') => {
    const value = values[name];
    if (value === undefined) return undefined;
    if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535)
      throw new Error(`--${name} is a port number, not "${value}"`);
    return Number(value);
  };
  const [smtpPort, webPort, awsPort, serverPort] = [
    port('smtp-port'),
    port('web-port'),
    port('aws-port'),
    port('group-server-port'),
  ];
  const site = {
    ...(serverPort !== undefined && { port: serverPort }),
    ...(values.domain !== undefined && { domains: [values.domain] }),
    ...(values.groups !== undefined && { groups: values.groups.split(',').map((group) => group.trim()) }),
  };
  const stack: StackOptions = {
    sites: [site],
    ...(smtpPort !== undefined && { smtpPort }),
    ...(awsPort !== undefined && { awsPort }),
    ...(values.bundle !== undefined && { bundle: resolve(values.bundle) }),
    ...(values.keep !== undefined && { keep: resolve(values.keep) }),
  };
  return { stack, help: values.help, ...(webPort !== undefined && { webPort }) };
}
