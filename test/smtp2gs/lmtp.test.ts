/**
 * `smtp2gs lmtp` as a mail system meets it: the protocol, the bytes, and what is promised about recipients. Real sockets,
 * the built command, the reference GroupServer.
 */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTransport } from 'nodemailer';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GroupServer, startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { groupAddress } from '../scenarios.ts';
import { artefacts, installCommand } from './installed-command.ts';
import { connectLmtp, openSession, sendMail, stuffed } from './lmtp-client.ts';
import { type LmtpOptions, type LmtpProcess, startLmtp } from './lmtp-process.ts';

const command = installCommand();
afterAll(() => command.remove());

const [second, third, unknown] = ['second_group', 'third_group', 'nobody'].map((name) => `${name}@groups.example.com`);
const member = 'p-ada@groups.example.com';
const mail = 'Subject: Tea\r\nMessage-ID: <tea@example.com>\r\n\r\nIs there any tea?\r\n';
const mebibyte = 1024 * 1024;

describe.each(artefacts)('LMTP of %s', (artefact) => {
  let server: GroupServer;
  let lmtp: LmtpProcess | undefined;
  const start = async (options: LmtpOptions = {}) => {
    lmtp = await startLmtp(command, artefact, server.url, options);
    return lmtp;
  };
  const session = async (options: LmtpOptions = {}) => await openSession((await start(options)).where);
  const lookUps = () => server.requests.filter(({ path }) => path.includes('exists')).length;

  beforeEach(async () => {
    server = await startGroupServer();
  });
  afterEach(async () => {
    await lmtp?.stop('SIGKILL');
    await server.stop();
  });

  it('says what it is and what it can', async () => {
    const client = await connectLmtp((await start({ args: ['--max-size=3'] })).where);
    expect(client.greeting).toMatch(/^220 \S+ LMTP$/);
    expect(await client.say('EHLO client')).toMatch(/^500 /);
    const words = (await client.say('LHLO client')).split('\n').map((line) => line.slice(4));
    expect(words.slice(1)).toEqual(['PIPELINING', '8BITMIME', `SIZE ${3 * mebibyte}`]);
    expect(await client.say('QUIT')).toMatch(/^221 /);
    await client.closed;
  });

  it('greets at once, so that nobody talks too soon', async () => {
    const { where } = await start();
    const client = await connectLmtp(where, 'LHLO client\r\n');
    expect(client.greeting).toMatch(/^220 /);
    expect(await client.reply()).toMatch(/^250-/);
    await sleep(300);
    expect(await client.say('NOOP')).toMatch(/^250 /);
  });

  it('delivers with one reply for each recipient, in their order', async () => {
    const client = await session();
    server.faults.next({ kind: 'status', status: 503 }, { page: 'relay' });
    const replies = await sendMail(client, [groupAddress, unknown ?? '', member, second ?? ''], mail);
    expect(replies.recipients.map((reply) => reply.slice(0, 9))).toEqual([
      '250 Accep',
      '550 5.1.1',
      '250 Accep',
      '250 Accep',
    ]);
    expect(replies.mail).toEqual([
      '250 2.0.0 Added to the group',
      expect.stringMatching(/^451 4\.5\.0 .*HTTP 503/),
      '250 2.0.0 Added to the group',
    ]);
    expect(server.posts.map(({ groupId }) => groupId).sort()).toEqual(['example_group', 'second_group']);
  });

  it('replies to a recipient that is given twice twice, and posts once', async () => {
    const client = await session();
    const upper = groupAddress.toUpperCase();
    const replies = await sendMail(client, [groupAddress, second ?? '', groupAddress, upper], mail);
    expect(replies.mail).toEqual(Array.from({ length: 4 }, () => '250 2.0.0 Added to the group'));
    expect(await client.say('NOOP')).toMatch(/^250 /);
    // The address in capitals is another one, which the server takes for the same group and message.
    expect(server.posts).toHaveLength(2);
    expect(server.requests.filter(({ path }) => path.includes('add-email'))).toHaveLength(3);
  });

  it('refuses an unknown group before the mail is sent', async () => {
    const client = await session();
    const { recipients, mail: none } = await sendMail(client, [unknown ?? ''], mail);
    expect(recipients).toEqual([`550 5.1.1 There is no group with this address: ${unknown}`]);
    expect(none).toEqual([]);
    expect(server.requests.filter(({ path }) => !path.includes('exists'))).toEqual([]);
  });

  it('asks for a group once in a minute, and again after a post that failed', async () => {
    const client = await session();
    for (let index = 0; index < 3; index += 1) await sendMail(client, [groupAddress], mail);
    expect(lookUps()).toBe(1);
    server.faults.next({ kind: 'status', status: 500 }, { page: 'add' });
    await sendMail(client, [groupAddress], mail);
    await sendMail(client, [groupAddress], mail);
    expect(lookUps()).toBe(2);
    await sendMail(client, [unknown ?? ''], mail);
    await sendMail(client, [unknown ?? ''], mail);
    expect(lookUps()).toBe(4);
  });

  it('answers 451 to a recipient while the look-up fails, and takes it as soon as it works', async () => {
    const client = await session();
    server.faults.next({ kind: 'status', status: 500 }, { page: 'look-up' });
    expect((await sendMail(client, [groupAddress], mail)).recipients[0]).toMatch(/^451 4\.5\.0 .*HTTP 500/);
    expect((await sendMail(client, [groupAddress], mail)).mail).toEqual(['250 2.0.0 Added to the group']);
  });

  it('takes members and bounces of members without a look-up', async () => {
    const client = await session();
    const bounce = 'example_group+ada=example.com@groups.example.com';
    const replies = await sendMail(client, [member, bounce], mail, '');
    expect(replies.mail).toEqual(['250 2.0.0 Relayed to the member', '250 2.1.5 Bounce of a member recorded']);
    expect(server.bounces).toMatchObject([{ userEmail: 'ada@example.com', groupEmail: groupAddress }]);
    expect(lookUps()).toBe(0);
  });

  it('hands every byte on as it came, behind X-Original-To', async () => {
    const client = await session();
    const bytes = Buffer.concat([
      Buffer.from('Subject: =?utf-8?q?Tea?=\r\nX-Original-To: forged@groups.example.com\r\n\r\n'),
      Buffer.from('.one dot\r\n..two\r\n.\r\n...\r\nbare \r and \n, and a\r\n\r\n', 'latin1'),
      Buffer.from(Array.from({ length: 256 }, (_, index) => index).filter((byte) => byte !== 10 && byte !== 13)),
      Buffer.from(`\r\n${'x'.repeat(5000)}\r\n.`),
      Buffer.from('\r\n'),
    ]);
    await sendMail(client, [groupAddress], bytes);
    const stored = await server.posts[0]?.message.bytes();
    expect(stored?.toString('latin1')).toBe(`X-Original-To: ${groupAddress}\r\n${bytes.toString('latin1')}`);
  });

  it('hands every byte on however they arrive', async () => {
    const client = await session();
    const wire = stuffed(Buffer.from('Subject: dots\r\n\r\n.\r\n..\r\n.a\r\n\r\n.\r\n'));
    for (let size = 1; size < 8; size += 1) {
      await client.say('MAIL FROM:<>');
      await client.say(`RCPT TO:<${groupAddress}>`);
      await client.say('DATA');
      const marked = Buffer.concat([Buffer.from(`X-Size: ${size}\r\n`), wire]);
      for (let at = 0; at < marked.length; at += size) {
        client.write(marked.subarray(at, at + size));
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await client.reply()).toMatch(/^250 2\.0\.0/);
    }
    const stored = await Promise.all(server.posts.map(async ({ message }) => (await message.bytes()).toString()));
    expect(stored.map((text) => text.slice(text.indexOf('Subject')))).toEqual(
      Array.from({ length: 7 }, () => 'Subject: dots\r\n\r\n.\r\n..\r\n.a\r\n\r\n.\r\n'),
    );
  });

  it('takes a large mail through a spool file without a name', async () => {
    const spool = command.newDirectory();
    const client = await session({ args: [`--spool-dir=${spool}`] });
    const body = `Subject: large\r\n\r\n${`${'x'.repeat(998)}\r\n`.repeat(5000)}`;
    expect((await sendMail(client, [groupAddress, member], body)).mail).toHaveLength(2);
    const stored = await Promise.all([...server.posts, ...server.relayed].map(({ message }) => message.bytes()));
    expect(stored.map((bytes) => bytes.toString('latin1').endsWith(body))).toEqual([true, true]);
    expect(readdirSync(spool)).toEqual([]);
  });

  it('answers 451 when a large mail cannot be spooled, at its end, and goes on', async () => {
    const client = await session({ args: ['--spool-dir=/nowhere'] });
    await client.say('MAIL FROM:<>');
    await client.say(`RCPT TO:<${groupAddress}>`);
    await client.say('DATA');
    const reply = client.reply();
    client.write('x'.repeat(2 * mebibyte));
    expect(await Promise.race([reply, sleep(300, 'nothing yet')])).toBe('nothing yet');
    client.write('\r\n.\r\n');
    expect(await reply).toMatch(/^451 4\.3\.0 .*--spool-dir/);
    expect((await sendMail(client, [groupAddress], mail)).mail[0]).toMatch(/^250 /);
  });

  it('takes a mail of exactly the maximum, and refuses one byte more', async () => {
    const client = await session({ args: ['--max-size=1'] });
    const most = `Subject: x\r\n\r\n`.padEnd(mebibyte - 2, 'x');
    expect((await sendMail(client, [groupAddress], `${most}\r\n`)).mail[0]).toMatch(/^250 /);
    const refused = await sendMail(client, [groupAddress, member], `${most}x\r\n`);
    expect(refused.mail).toEqual([
      expect.stringMatching(/^552 5\.3\.4 .*1 MiB/),
      expect.stringMatching(/^552 5\.3\.4 .*1 MiB/),
    ]);
    expect(await client.say(`MAIL FROM:<a@example.com> SIZE=${mebibyte + 1}`)).toMatch(/^552 /);
    expect(server.posts).toHaveLength(1);
    expect(server.relayed).toEqual([]);
  });

  it('refuses an empty mail and an address outside ASCII', async () => {
    const client = await session();
    const replies = await sendMail(client, ['grüppe@groups.example.com', groupAddress], '');
    expect(replies.recipients[0]).toMatch(/^550 5\.1\.3 /);
    expect(replies.mail).toEqual([expect.stringMatching(/^550 5\.3\.0 /)]);
  });

  it('takes a domain in Punycode as it was written', async () => {
    const client = await session();
    const { recipients } = await sendMail(client, ['group@xn--bcher-kva.example'], mail);
    expect(recipients).toEqual(['550 5.1.1 There is no group with this address: group@xn--bcher-kva.example']);
  });

  it('takes pipelined commands', async () => {
    const client = await session();
    client.write(`MAIL FROM:<a@example.com>\r\nRCPT TO:<${groupAddress}>\r\nRCPT TO:<${unknown}>\r\nDATA\r\n`);
    const replies = [await client.reply(), await client.reply(), await client.reply(), await client.reply()];
    expect(replies.map((reply) => reply.slice(0, 3))).toEqual(['250', '250', '550', '354']);
    client.write(`${mail}.\r\nMAIL FROM:<b@example.com>\r\n`);
    expect(await client.reply()).toMatch(/^250 2\.0\.0/);
    expect(await client.reply()).toMatch(/^250 /);
  });

  it('delivers what a client sends that hangs up before the reply', async () => {
    const { where } = await start();
    const client = await openSession(where);
    server.faults.next({ kind: 'delay', milliseconds: 300 }, { page: 'add' });
    await client.say('MAIL FROM:<a@example.com>');
    await client.say(`RCPT TO:<${groupAddress}>`);
    await client.say('DATA');
    client.write(stuffed(Buffer.from(mail)));
    await expect.poll(() => server.requests.length).toBe(2);
    client.close();
    await expect.poll(() => server.posts.length).toBe(1);
    const other = await openSession(where);
    expect((await sendMail(other, [third ?? ''], mail)).mail[0]).toMatch(/^250 /);
  });

  it('posts nothing of a mail that did not come to its end', async () => {
    const { where } = await start();
    const client = await openSession(where);
    await client.say('MAIL FROM:<a@example.com>');
    await client.say(`RCPT TO:<${groupAddress}>`);
    await client.say('DATA');
    client.write('Subject: half\r\n\r\nhalf a mai');
    client.close();
    const other = await openSession(where);
    expect((await sendMail(other, [groupAddress], mail)).mail[0]).toMatch(/^250 /);
    expect(server.posts).toHaveLength(1);
  });

  it('is understood by another LMTP client', async () => {
    const { where } = await start();
    const transport = createTransport({ ...where, lmtp: true, ignoreTLS: true });
    const sent = await transport.sendMail({ from: 'a@example.com', to: [groupAddress, unknown ?? ''], text: '.Tea?' });
    expect(sent).toMatchObject({ accepted: [groupAddress], rejected: [unknown] });
    transport.close();
    expect((await server.posts[0]?.message.bytes())?.toString()).toContain('\r\n\r\n.Tea?');
  });
});
