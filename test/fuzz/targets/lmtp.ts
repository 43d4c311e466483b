/**
 * An LMTP session: a real server in a process of its own, in front of the reference GroupServer, and a client that says
 * anything. Every reply can be read, every session ends, the server lives, tells each delivery in one line, posts what
 * it says it has posted, and stays small.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { type GroupServer, startGroupServer } from '../../../infra/local/group-server/group-server.ts';
import { mail } from '../../core/generated-mail.ts';
import { configText } from '../../scenarios.ts';
import { cut, randomOf } from '../cut.ts';
import { holds } from '../holds.ts';
import type { Target } from '../target.ts';

const program = new URL('../../../functions/smtp2gs/bin.ts', import.meta.url).pathname;

/** What ends a session, whether it is in the middle of a line, of a mail or of nothing. */
const farewell = '\r\n.\r\nRSET\r\nQUIT\r\n';

/** Milliseconds. Far more than a session takes, even on a busy machine. */
const patience = 20_000;

/** Bytes. The run time alone takes about 80 MB; some garbage is yet to be collected. */
const memoryLimit = 400 * 1024 * 1024;

const address = fc.oneof(
  fc.constantFrom(
    'example_group@groups.example.com',
    'second_group@groups.example.com',
    'nobody@groups.example.com',
    'p-ada@groups.example.com',
    'example_group+ada=example.com@groups.example.com',
    '"a b"@groups.example.com',
    'gr\xfcppe@groups.example.com',
    '@',
    '',
  ),
  fc.string({ unit: 'binary', maxLength: 10 }),
);
const command = fc.oneof(
  fc.constantFrom('LHLO client', 'LHLO', 'NOOP', 'RSET', 'VRFY x', 'HELP', 'QUIT', 'STARTTLS', 'AUTH PLAIN AA==', ''),
  fc.constantFrom('BDAT 5 LAST', 'XCLIENT ADDR=1', 'XFORWARD NAME=x', 'MAIL', 'RCPT', 'DATA', 'EHLO x', 'lhlo x'),
  fc
    .tuple(fc.constantFrom('MAIL FROM:', 'mail from: ', 'RCPT TO:', 'rcpt to:'), address)
    .map(([word, who]) => `${word}<${who}>`),
  address.map((who) => `MAIL FROM:<${who}> SIZE=1 BODY=8BITMIME SMTPUTF8 X=Y`),
);
const delivery = fc
  .tuple(fc.array(address, { minLength: 1, maxLength: 3 }), mail)
  .map(([recipients, bytes]) =>
    [
      'MAIL FROM:<ada@example.com>',
      ...recipients.map((who) => `RCPT TO:<${who}>`),
      'DATA',
      `${bytes.toString('latin1')}\r\n.`,
    ].join('\r\n'),
  );
const session = fc
  .array(fc.oneof({ weight: 2, arbitrary: command }, { weight: 1, arbitrary: delivery }), { maxLength: 6 })
  .map((lines) => ['LHLO client', ...lines, ''].join('\r\n'));

interface Running {
  readonly port: number;
  readonly child: ChildProcess;
  readonly server: GroupServer;
  readonly folder: string;
  /** Deliveries that the server has told. */
  told: number;
  /** Deliveries that GroupServer has seen, but for those that it still remembers. */
  seen: number;
  wrong: string | undefined;
}

let running: Promise<Running> | undefined;
let sessions = 0;

export const lmtp: Target = {
  name: 'lmtp',
  grammar: session.map((text) => Buffer.from(text, 'latin1')),
  words: [
    '\r\n',
    '\n',
    '\r',
    '\r\n.\r\n',
    '\n.\n',
    '\r\n..\r\n',
    'DATA\r\n',
    'RCPT TO:<example_group@groups.example.com>\r\n',
    'MAIL FROM:<>\r\n',
    'RSET\r\n',
    '<',
    '>',
    '\0',
    '\u00e9',
    ' SIZE=99999999999999999999',
  ],
  atOnce: 50,
  async check(input) {
    running ??= start();
    const world = await running;
    const random = randomOf(input);
    const said = await talk(
      world.port,
      cut(Buffer.concat([input, Buffer.from(farewell)]), random),
      random.chance(0.03),
    );
    holds(/^(?:\d{3}[ -][\x20-\x7e\x80-\xff]*\r\n)*$/.test(said), 'every reply is a line with a code', said);
    for (const line of said.split('\r\n')) {
      holds(line.length <= 512, 'a reply is short', line);
      // The library repeats words of the client; what we say is ASCII.
      const isOurs = /^\d{3}[ -]\d\.\d\.\d /.test(line);
      holds(!isOurs || /^[\x20-\x7e]*$/.test(line), 'a reply of ours is printable ASCII', line);
    }
    holds(world.wrong === undefined, 'every line for people is one line about a mail', world.wrong);
    holds(world.child.exitCode === null, 'the server lives');
    sessions += 1;
    if (sessions % 500 === 0) forgetSome(world);
  },
  async stop() {
    if (!running) return;
    const world = await running;
    running = undefined;
    try {
      await checkAlive(world);
      await settle(world);
      holds(world.told === seenBy(world), 'what is told as delivered is at GroupServer', [world.told, seenBy(world)]);
      const memory =
        Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${world.child.pid}/status`, 'utf8'))?.[1]) * 1024;
      holds(memory < memoryLimit, 'the server stays small', memory);
    } finally {
      const ended = once(world.child, 'exit');
      world.child.kill('SIGKILL');
      await ended;
      await world.server.stop();
      rmSync(world.folder, { recursive: true });
    }
  },
};

async function start(): Promise<Running> {
  const server = await startGroupServer({ keepMessages: 'digest' });
  const folder = mkdtempSync(join(tmpdir(), 'smtp2gs-fuzz-'));
  const config = join(folder, 'gsconfig.ini');
  writeFileSync(config, configText);
  const options = ['--listen=127.0.0.1:0', `--config=${config}`, '--max-size=1', '--connections=200'];
  const child = spawn(process.execPath, [program, 'lmtp', ...options, server.url], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.removeListener('exit', kill));
  const lines = createInterface({ input: child.stderr });
  const first = await new Promise<string>((resolve) => lines.once('line', resolve));
  const port = Number(/ takes LMTP on inet:127\.0\.0\.1:(\d+)$/.exec(first)?.[1]);
  const world: Running = { port, child, server, folder, told: 0, seen: 0, wrong: undefined };
  lines.on('line', (line) => {
    if (line.startsWith('delivered to=<')) world.told += 1;
    if (!/^(?:delivered|deferred|bounced|refused) to=<[\x20-\x7e]* \d\.\d\.\d [\x20-\x7e]+$/.test(line))
      world.wrong ??= line;
  });
  return world;
}

/** Says all, and gives what was answered when the server has hung up. Who is hasty does not wait for the greeting. */
async function talk(port: number, pieces: readonly Buffer[], isHasty = false): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const answers: Buffer[] = [];
  socket.on('data', (piece: Buffer) => answers.push(piece));
  // A server that has enough of it hangs up.
  socket.on('error', () => undefined);
  const closed = new Promise<true>((resolve) => socket.once('close', () => resolve(true)));
  if (!isHasty) await Promise.race([once(socket, 'data'), closed]);
  for (const piece of pieces) {
    if (socket.destroyed) break;
    socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const timer = new AbortController();
  const late = sleep(patience, false, { signal: timer.signal }).catch(() => false);
  const isClosed = await Promise.race([closed, late]);
  timer.abort();
  socket.destroy();
  const said = Buffer.concat(answers).toString('latin1');
  holds(isClosed, 'every session ends', said);
  return said;
}

async function checkAlive({ port }: Running): Promise<void> {
  const recipient = 'RCPT TO:<example_group@groups.example.com>';
  const mail = `Subject: alive\r\n\r\n${Math.random()}\r\n.`;
  const lines = ['LHLO client', 'MAIL FROM:<>', recipient, 'DATA', mail, 'QUIT', ''];
  const said = await talk(port, [Buffer.from(lines.join('\r\n'))]);
  holds(said.includes('250 2.0.0 Added to the group'), 'the server still delivers', said);
}

const seenBy = ({ server, seen }: Running) =>
  seen + server.posts.length + server.duplicates.length + server.relayed.length + server.bounces.length;

/** Lets GroupServer forget what it was sent, but not how much. */
function forgetSome(world: Running): void {
  world.seen = seenBy(world);
  world.server.clear();
}

/** Waits until both sides have counted all. */
async function settle(world: Running): Promise<void> {
  for (let left = 100; left > 0 && world.told !== seenBy(world); left -= 1) await sleep(20);
}
