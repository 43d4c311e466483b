/**
 * `smtp2gs lmtp` as an administrator meets it: bounds, deadlines, stopping, mending, a server that is down, sockets, logs.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GroupServer, startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { until } from '../postfix/until.ts';
import { configText, groupAddress, token } from '../scenarios.ts';
import { artefacts, installCommand } from './installed-command.ts';
import { connectLmtp, type LmtpClient, openSession, sendMail, stuffed } from './lmtp-client.ts';
import { type LmtpOptions, type LmtpProcess, newSocketPath, startLmtp } from './lmtp-process.ts';
import { matching } from './matching.ts';

const command = installCommand();
afterAll(() => command.remove());

const mail = 'Subject: Tea\r\nMessage-ID: <tea@example.com>\r\n\r\nIs there any tea?\r\n';

describe.each(artefacts)('LMTP of %s', (artefact) => {
  let server: GroupServer;
  const running: LmtpProcess[] = [];
  const start = async (options: LmtpOptions = {}, url = server.url) => {
    const lmtp = await startLmtp(command, artefact, url, options);
    running.push(lmtp);
    return lmtp;
  };

  beforeEach(async () => {
    server = await startGroupServer();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((lmtp) => lmtp.stop('SIGKILL')));
    await server.stop();
  });

  describe('with much to do', () => {
    it('delivers no more at once than --concurrency says, and the others in turn', async () => {
      const { where } = await start({ args: ['--concurrency=2'] });
      server.faults.always({ kind: 'delay', milliseconds: 100 }, { page: 'add' });
      let most = 0;
      const watch = setInterval(() => {
        const open = server.requests.filter(
          ({ path, answeredStatus }) => path.includes('add-email') && answeredStatus === 'fault',
        );
        most = Math.max(most, open.length);
      }, 5);
      const sessions = await Promise.all(Array.from({ length: 6 }, () => openSession(where)));
      const sent = sessions.map((session, index) => sendMail(session, [groupAddress], `X-Number: ${index}\r\n${mail}`));
      const replies = (await Promise.all(sent)).flatMap(({ mail: each }) => each);
      clearInterval(watch);
      expect(replies).toEqual(Array.from({ length: 6 }, () => '250 2.0.0 Added to the group'));
      expect(most).toBe(2);
    });

    it('answers 451 at the deadline: 4.4.2 to who was asked, 4.4.5 to who had no turn', async () => {
      const { where } = await start({ args: ['--concurrency=1', '--timeout=1'] });
      server.faults.always({ kind: 'hang', when: 'after-body' }, { page: 'add' });
      const session = await openSession(where);
      const replies = await sendMail(session, [groupAddress, 'second_group@groups.example.com'], mail);
      expect(replies.mail).toEqual([matching(/^451 4\.4\.2 .*deadline/), matching(/^451 4\.4\.5 .*--concurrency/)]);
    });

    it('holds no more connections than --connections says', async () => {
      const { where } = await start({ args: ['--connections=1'] });
      const first = await openSession(where);
      const second = await connectLmtp(where);
      expect(second.greeting).toMatch(/^421 /);
      await second.closed;
      expect((await sendMail(first, [groupAddress], mail)).mail[0]).toMatch(/^250 /);
      await first.say('QUIT');
      await first.closed;
      await until('there is room again', async () => (await connectLmtp(where)).greeting.startsWith('220'));
    });

    it('stays small while large mail passes', async () => {
      const lmtp = await start();
      const session = await openSession(lmtp.where);
      await sendMail(session, [groupAddress], mail);
      const before = residentMebibytes(lmtp);
      const large = `Subject: large\r\n\r\n${`${'x'.repeat(998)}\r\n`.repeat(30_000)}`;
      expect((await sendMail(session, [groupAddress], large)).mail[0]).toMatch(/^250 /);
      expect(residentMebibytes(lmtp) - before).toBeLessThan(60);
      expect(openFiles(lmtp).filter((file) => file.endsWith('(deleted)'))).toEqual([]);
    });
  });

  describe('when it is stopped', () => {
    const sendSlowly = async (session: LmtpClient) => {
      server.faults.next({ kind: 'delay', milliseconds: 2000 }, { page: 'add' });
      await session.say('MAIL FROM:<a@example.com>');
      await session.say(`RCPT TO:<${groupAddress}>`);
      await session.say('DATA');
      session.write(stuffed(Buffer.from(mail)));
      await until('the mail is being posted', () => server.requests.length === 2);
    };

    it.each(['SIGTERM', 'SIGINT'] as const)('by %s it finishes what has begun, and nothing else', async (signal) => {
      const socket = newSocketPath(command);
      const lmtp = await start({ socket });
      const [idle, begun, busy, half] = await Promise.all(Array.from({ length: 4 }, () => openSession(lmtp.where)));
      if (!idle || !begun || !busy || !half) throw new Error('no sessions');
      await begun.say('MAIL FROM:<a@example.com>');
      await half.say('MAIL FROM:<a@example.com>');
      await half.say('RCPT TO:<p-ada@groups.example.com>');
      await half.say('DATA');
      half.write('Subject: half\r\n\r\n');
      await sendSlowly(busy);
      const ended = lmtp.stop(signal);
      expect(await idle.reply()).toBe('421 4.3.2 The mail gateway is being stopped');
      expect(await begun.reply()).toMatch(/^421 4\.3\.2 /);
      // Who has begun nothing does not have to wait for the others.
      expect(server.posts).toEqual([]);
      half.write('the other half\r\n.\r\n');
      expect(await half.reply()).toMatch(/^250 2\.0\.0 Relayed/);
      expect(await busy.reply()).toMatch(/^250 2\.0\.0 Added/);
      expect(await ended).toBe(0);
      expect(server.posts).toHaveLength(1);
      expect(existsSync(socket)).toBe(false);
    });

    it('by a second signal it ends at once', async () => {
      const lmtp = await start();
      server.faults.always({ kind: 'hang', when: 'after-body' }, { page: 'add' });
      await sendSlowly(await openSession(lmtp.where));
      lmtp.child.kill('SIGTERM');
      await until('it has heard', () => lmtp.said().includes('stopped by SIGTERM'));
      expect(await lmtp.stop('SIGTERM')).toBe(75);
    });

    it('ends with 0 when nobody is there', async () => {
      const lmtp = await start();
      expect(await lmtp.stop()).toBe(0);
    });
  });

  describe('when its configuration changes', () => {
    it('a wrong token that is mended delivers without a restart', async () => {
      const lmtp = await start({ config: configText.replace(token, 'aWrongToken') });
      const session = await openSession(lmtp.where);
      expect((await sendMail(session, [groupAddress], mail)).recipients[0]).toMatch(/^451 4\.5\.0 .*token/);
      writeFileSync(lmtp.config, configText);
      expect((await sendMail(session, [groupAddress], mail)).mail[0]).toMatch(/^250 /);
      writeFileSync(lmtp.config, 'garbage\n');
      expect((await sendMail(session, [groupAddress], mail)).recipients[0]).toMatch(/^451 4\.3\.5 .*line 1/);
      writeFileSync(lmtp.config, configText);
      expect((await sendMail(session, [groupAddress], mail)).mail[0]).toMatch(/^250 /);
      expect(lmtp.said()).not.toContain('aWrongToken');
    });

    it('SIGHUP has everything read again', async () => {
      const lmtp = await start();
      const session = await openSession(lmtp.where);
      await sendMail(session, [groupAddress], mail);
      await sendMail(session, [groupAddress], mail);
      const lookUps = () => server.requests.filter(({ path }) => path.includes('exists')).length;
      expect(lookUps()).toBe(1);
      lmtp.child.kill('SIGHUP');
      await until('it has looked up again', async () => {
        await sendMail(session, [groupAddress], mail);
        return lookUps() === 2;
      });
    });
  });

  describe('while the server is down', () => {
    it('asks seldom, refuses sessions, and delivers when the server is back', async () => {
      const { where } = await start();
      const session = await openSession(where);
      await sendMail(session, ['second_group@groups.example.com'], mail);
      await server.offline();
      for (let index = 0; index < 3; index += 1) {
        const { recipients } = await sendMail(session, [groupAddress], mail);
        expect(recipients[0]).toMatch(/^451 4\.4\.4 .*ECONNREFUSED/);
      }
      // Even a group that is known is not taken: its mail could not be posted.
      const known = await sendMail(session, ['second_group@groups.example.com'], mail);
      expect(known.recipients[0]).toMatch(/^451 4\.4\.4 .*not asked again for \d s/);
      const refused = await connectLmtp(where);
      expect(refused.greeting).toMatch(/^421 4\.4\.4 Cannot connect to the group server: .*not asked again/);
      await refused.closed;
      await server.online();
      await until('mail is delivered again', async () => {
        return (await sendMail(session, [groupAddress], mail)).mail[0]?.startsWith('250');
      });
      expect((await connectLmtp(where)).greeting).toMatch(/^220 /);
    });

    it('makes few connections, however much mail comes', async () => {
      const sockets = new Set<Socket>();
      let connections = 0;
      // It speaks no TLS: a connection that never stands.
      const dead = createServer((socket) => {
        connections += 1;
        sockets.add(socket.on('error', () => undefined));
        socket.destroy();
      }).listen(0, '127.0.0.1');
      await once(dead, 'listening');
      const address = dead.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      const { where } = await start({}, `https://127.0.0.1:${port}`);
      const session = await openSession(where);
      for (let index = 0; index < 50; index += 1) {
        expect((await sendMail(session, [groupAddress], mail)).recipients[0]).toMatch(/^451 4\.4\.4 /);
      }
      // More than three only if the fifty took longer than the five seconds after which one is let through.
      expect(connections).toBeLessThan(6);
      dead.close();
    });

    it('keeps the pause that the server asks for', async () => {
      const { where } = await start();
      const session = await openSession(where);
      server.faults.next({ kind: 'status', status: 503, headers: { 'retry-after': '2' } }, { page: 'look-up' });
      expect((await sendMail(session, [groupAddress], mail)).recipients[0]).toMatch(/^451 4\.5\.0 .*HTTP 503/);
      expect((await sendMail(session, [groupAddress], mail)).recipients[0]).toMatch(/^451 4\.5\.0 .*not asked again/);
      expect(server.requests).toHaveLength(1);
      await until('the pause is over', async () => {
        return (await sendMail(session, [groupAddress], mail)).mail[0]?.startsWith('250');
      });
    });
  });

  describe('where it listens', () => {
    it('makes a Unix socket with the mode that is asked for', async () => {
      const socket = newSocketPath(command);
      const lmtp = await start({ socket, args: ['--socket-mode=666'] });
      expect((statSync(socket).mode & 0o777).toString(8)).toBe('666');
      const session = await openSession(lmtp.where);
      expect((await sendMail(session, [groupAddress], mail)).mail[0]).toMatch(/^250 /);
    });

    it('replaces a socket that a killed server has left behind', async () => {
      const socket = newSocketPath(command);
      await (await start({ socket })).stop('SIGKILL');
      expect(existsSync(socket)).toBe(true);
      const again = await start({ socket });
      expect((statSync(socket).mode & 0o777).toString(8)).toBe('660');
      expect((await openSession(again.where)).greeting).toMatch(/^220 /);
    });

    it('leaves a socket alone that is in use, and a file that is none', async () => {
      const socket = newSocketPath(command);
      const first = await start({ socket });
      await expect(start({ socket })).rejects.toThrow(/cannot listen on unix:.*another server listens there/);
      expect((await openSession(first.where)).greeting).toMatch(/^220 /);
      const file = command.newFile('precious');
      await expect(start({ socket: file })).rejects.toThrow(/no socket is there/);
      expect(readFileSync(file, 'utf8')).toBe('precious');
    });

    it('says what is wrong with an address that is taken, and ends with 75', async () => {
      const { where } = await start();
      const port = 'port' in where ? where.port : 0;
      const config = command.newFile(configText);
      const words = ['lmtp', `--listen=127.0.0.1:${port}`, `--config=${config}`, server.url];
      const ended = await command.run(artefact, { args: words, input: '' });
      expect(ended).toMatchObject({ exit: 75, stdout: '', stderr: matching(/^smtp2gs lmtp: .*EADDRINUSE/) });
    });
  });

  it.each([
    [['--listen=nowhere', 'http://127.0.0.1'], /^smtp2gs lmtp: .*--listen nowhere/],
    [['--socket-mode=9', 'http://127.0.0.1'], /--socket-mode/],
    [['--concurrency=0', 'http://127.0.0.1'], /--concurrency/],
    [[], /give one URL/],
  ])('refuses the words %j', async (args, says) => {
    const ended = await command.run(artefact, { args: ['lmtp', ...args], input: '' });
    expect(ended).toMatchObject({ exit: 64, stdout: '', stderr: matching(says) });
  });

  it.each([
    ['without a configuration', ['--config=/nowhere/gsconfig.ini', 'http://127.0.0.1:1'], /gsconfig\.ini \(ENOENT\)/],
    ['without a host in the URL', ['groups.example.com'], /https:\/\//],
  ])('does not start %s', async (_, args, says) => {
    const ended = await command.run(artefact, { args: ['lmtp', '--listen=127.0.0.1:0', ...args], input: '' });
    expect(ended).toMatchObject({ exit: 75, stdout: '', stderr: matching(says) });
  });

  it('writes a line for people and one of JSON for each recipient', async () => {
    const log = `${command.newDirectory()}/log`;
    const lmtp = await start({ args: [`--log=${log}`] });
    const session = await openSession(lmtp.where);
    await sendMail(session, [groupAddress, 'nobody@groups.example.com', 'p-ada@groups.example.com'], mail);
    await until('everything is said', () => lmtp.said().split('\n').length === 5);
    expect(lmtp.said()).toMatch(/^refused to=<nobody@groups\.example\.com> 5\.1\.1 /m);
    expect(lmtp.said()).toMatch(
      /^delivered to=<example_group@groups\.example\.com> from=<ada@example\.com> bytes=\d+ ms=\d+ 2\.0\.0 Added to the group$/m,
    );
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    const entries: unknown[] = lines.map((line) => JSON.parse(line));
    expect(entries).toHaveLength(3);
    expect(entries).toContainEqual(
      expect.objectContaining({
        messageId: '<tea@example.com>',
        sender: 'ada@example.com',
        recipient: groupAddress,
        route: 'group',
        group: 'example_group',
        bytes: mail.length,
        httpStatus: 200,
        code: '2.0.0',
        outcome: 'delivered',
      }),
    );
    expect(lines.join()).not.toMatch(/Tea|tea\?|theValue/);
  });

  it.runIf(existsSync('/usr/bin/python3') && existsSync('/usr/bin/systemd-notify'))(
    'tells systemd that it is ready',
    async () => {
      const socket = newSocketPath(command);
      const script =
        'import socket,sys;s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM);s.bind(sys.argv[1]);print("bound",flush=True);print(s.recv(999).decode(),flush=True)';
      const systemd = spawn('/usr/bin/python3', ['-c', script, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
      let heard = '';
      systemd.stdout.on('data', (piece: Buffer) => (heard += piece.toString()));
      await until('it is bound', () => heard.includes('bound'));
      await start({ environment: { NOTIFY_SOCKET: socket } });
      await until(
        'it was told',
        () => heard.includes('READY=1'),
        () => heard,
      );
      systemd.kill();
    },
  );
});

function residentMebibytes({ child }: LmtpProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}

function openFiles({ child }: LmtpProcess): string[] {
  const folder = `/proc/${child.pid}/fd`;
  return readdirSync(folder).map((name) => readlinkSync(`${folder}/${name}`));
}
