/**
 * `smtp2gs explain`: tells what would be done with a mail, by having the core do it through a transport that sends
 * nothing. With --url the look-up is really asked, never more. It takes no slot and writes no log.
 */
import { pages as pageNames } from '../../core/groupserver.ts';
import { bytesPerMebibyte } from '../../core/limit.ts';
import { configPlaces, envelopeOf, spoolPlace } from '../arguments.ts';
import type { Ending } from '../ending.ts';
import { openMessage } from '../open-message.ts';
import type { ParsedOptions } from '../parse-options.ts';
import { UsageError } from '../usage-error.ts';
import { deadline } from './deadline.ts';
import { explainDelivery } from './explain-delivery.ts';
import { explainHttp } from './explain-http.ts';
import { describeMail } from './explain-mail.ts';
import { deliveryRows, helpRow, type Tool } from './tool.ts';

/** Seconds, for reading the mail and for the look-up. */
const timeLimit = 60;

export const explain: Tool = {
  synopsis: 'explain [options] [FILE]',
  description:
    'Tells what would be done with the mail in a file, or on the standard input, and sends nothing: its recipient and where that was found, its route, the requests, code and exit status. With --url the look-up is really asked, but nothing more. With --http it tells what an HTTP status of the server means.',
  options: [
    helpRow,
    { long: 'url', value: 'URL', help: 'The site; its look-up page is asked for the group.' },
    { long: 'http', value: 'STATUS', isCount: true, help: 'Tell what this HTTP status means, instead of a mail.' },
    {
      long: 'page',
      value: 'PAGE',
      choices: Object.keys(pageNames),
      defaultText: 'all',
      help: 'The page for --http: look-up, add, relay or bounce.',
    },
    ...deliveryRows('recipient', 'list', 'max-size', 'config', 'instance', 'time-source', 'ca-file', 'insecure'),
  ],
  run,
};

async function run({ values, operands: [file = '-', ...more] }: ParsedOptions): Promise<Ending> {
  if (more.length > 0) throw new UsageError('one file is taken');
  const http = values.get('http');
  if (http !== undefined) return { stdout: await explainHttp(statusIn(http), values.get('page')), exit: 0 };
  const maxSize = Number(values.get('max-size') ?? 200) * bytesPerMebibyte;
  const end = deadline(timeLimit);
  const message = await openMessage({ file, maxSize, spoolDir: spoolPlace(undefined), signal: end.signal });
  const about: [string, string][] = [
    ...(await describeMail(message)),
    ['Size', `${message.size} bytes, of ${maxSize} that are allowed`],
    ...(await explainDelivery({
      message,
      maxSize,
      envelope: envelopeOf((name) => values.get(name)),
      config: configPlaces(values.get('config')),
      instance: values.get('instance') ?? 'default',
      timeSource: values.get('time-source') === 'message' ? 'message' : 'server',
      url: values.get('url'),
      caFile: values.get('ca-file'),
      insecure: values.has('insecure'),
      signal: end.signal,
    })),
  ];
  end.done();
  return { stdout: about.map(([name, text]) => `${`${name}:`.padEnd(15)}${text}\n`).join(''), exit: 0 };
}

function statusIn(text: string): number {
  if (!/^[2-5]\d\d$/.test(text)) throw new UsageError('--http must be a status from 200 to 599');
  return Number(text);
}
