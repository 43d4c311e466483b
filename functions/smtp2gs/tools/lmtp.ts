/**
 * `smtp2gs lmtp`: a server that takes mail by LMTP and delivers it like the command does, without a process for each
 * mail. It runs until SIGTERM or SIGINT; then it finishes what it has begun. SIGHUP has it read its files again. It tells
 * people on stderr what becomes of each mail.
 */
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { type DeliveryStatus, outcomeOf, statusText } from '../../core/delivery-status.ts';
import { bytesPerMebibyte } from '../../core/limit.ts';
import { siteUrl } from '../../core/site-url.ts';
import { configPlaces, spoolPlace } from '../arguments.ts';
import type { Ending } from '../ending.ts';
import { appendLogLine, type LogEntry } from '../log-line.ts';
import type { ParsedOptions } from '../parse-options.ts';
import { UsageError } from '../usage-error.ts';
import { version } from '../version.ts';
import { circuitBreaker } from './circuit-breaker.ts';
import { addressText, parseListenAddress } from './listen-address.ts';
import { lmtpDeliveries } from './lmtp-deliveries.ts';
import { listen } from './lmtp-listen.ts';
import { lmtpServer } from './lmtp-server.ts';
import { configuredSite } from './lmtp-site.ts';
import { deliveryRows, helpRow, type Tool } from './tool.ts';

export const lmtp: Tool = {
  synopsis: 'lmtp [options] URL',
  description:
    'Takes mail by LMTP (RFC 2033) and delivers it to the groups of the site, with the same codes as a delivery by the command and one reply for each recipient. A group that does not exist is refused before its mail is sent. Whoever can connect can post, so listen where only the mail system can. SIGHUP has the configuration read again at once; a changed file is noticed without it.',
  options: [
    helpRow,
    {
      long: 'listen',
      value: 'ADDRESS',
      defaultText: '127.0.0.1:2424',
      help: 'Where to listen: host:port, or the path of a Unix socket.',
    },
    {
      long: 'socket-mode',
      value: 'MODE',
      defaultText: '660',
      help: 'Who may connect to a Unix socket: its mode, in octal.',
    },
    {
      long: 'concurrency',
      value: 'N',
      isCount: true,
      defaultText: '5',
      help: 'How many deliveries may run at once. Others wait for their turn, within the deadline.',
    },
    {
      long: 'connections',
      value: 'N',
      isCount: true,
      defaultText: '50',
      help: 'How many connections are held at once. One more is told to come again.',
    },
    {
      long: 'timeout',
      value: 'SECONDS',
      isCount: true,
      defaultText: '240',
      help: 'The deadline for each recipient, from the end of the mail. Keep it below the lmtp_data_done_timeout of Postfix.',
    },
    ...deliveryRows('max-size', 'time-source', 'config', 'instance', 'ca-file', 'insecure', 'spool-dir', 'log'),
  ],
  run,
};

async function run({ values, operands: [url, ...more] }: ParsedOptions): Promise<Ending> {
  if (url === undefined || more.length > 0) throw new UsageError('give one URL, such as https://groups.example.com');
  const count = (name: string, otherwise: number) => Number(values.get(name) ?? otherwise);
  const [concurrency, connections] = [count('concurrency', 5), count('connections', 50)];
  const maxSize = count('max-size', 200) * bytesPerMebibyte;
  const address = parseListenAddress(values.get('listen') ?? '127.0.0.1:2424');
  const mode = socketMode(values.get('socket-mode') ?? '660');
  const logFile = values.get('log');

  const breaker = circuitBreaker(() => performance.now());
  const site = configuredSite({
    url: siteUrl(url),
    config: configPlaces(values.get('config')),
    instance: values.get('instance') ?? 'default',
    caFile: values.get('ca-file'),
    insecure: values.has('insecure'),
    timeSource: values.get('time-source') === 'message' ? 'message' : 'server',
    // Deliveries and look-ups are bounded where they wait in turn; here nothing waits.
    maxSockets: 2 * concurrency,
    around: (post) => breaker.around(post),
  });
  // A mistake is better found at the start than by the first mail.
  site.current();
  const report = (entry: LogEntry, status: DeliveryStatus) => {
    say(lineOf(entry, status));
    if (logFile !== undefined) appendLogLine(logFile, entry, status);
  };
  const handlers = lmtpDeliveries({ site, breaker, concurrency, timeout: count('timeout', 240), maxSize, report });
  const server = lmtpServer({ handlers, maxSize, spoolDir: spoolPlace(values.get('spool-dir')), connections });
  takeOver('SIGHUP', () => site.forget());
  const stopped = stopSignal();
  const bound = await listen(server.socket, address, mode);
  say(`smtp2gs ${version} takes LMTP on ${addressText(bound)}`);
  tellSystemd();
  const signal = await stopped;
  say(`stopped by ${signal}; what has begun is finished first`);
  await server.stop();
  return { exit: 0 };
}

function socketMode(text: string): number {
  if (!/^0?[0-7]{3}$/.test(text)) throw new UsageError('--socket-mode must be three octal digits');
  return Number.parseInt(text, 8);
}

/** Waits for SIGTERM or SIGINT; a second one ends the process at once, as it did before. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const others = takeOver(signal, stop);
      function stop() {
        for (const other of others) process.on(signal, other);
        process.removeListener(signal, stop);
        resolve(signal);
      }
    }
  });
}

/** Takes the place of the listeners of a signal. There is always one, or else a signal on its way would be lost. */
function takeOver(signal: NodeJS.Signals, listener: () => void): readonly NodeJS.SignalsListener[] {
  const others = process.listeners(signal);
  process.on(signal, listener);
  for (const other of others) process.removeListener(signal, other);
  return others;
}

function lineOf({ recipient, sender, bytes, milliseconds: { total = 0 } }: LogEntry, status: DeliveryStatus): string {
  const mail = `from=<${sender}> bytes=${bytes} ms=${Math.round(total)}`;
  const what = bytes === undefined ? `refused to=<${recipient}>` : `${outcomeOf(status)} to=<${recipient}> ${mail}`;
  return `${what} ${status.code} ${statusText(status)}`.replaceAll(/[^\x20-\x7e]/g, '?');
}

/** For whoever reads the journal; a reader that has gone changes nothing. */
function say(line: string): void {
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // The log file, if there is one, has it.
  }
}

/** Tells systemd that mail is taken from now on (sd_notify(3), Type=notify with NotifyAccess=all). */
function tellSystemd(): void {
  if (process.env['NOTIFY_SOCKET'] === undefined) return;
  spawn('systemd-notify', ['--ready'], { stdio: 'ignore' }).on('error', () => undefined);
}
