/**
 * `smtp2gs explain`: what it tells of a mail and of an HTTP status, and that it sends nothing but the look-up it was asked
 * for.
 */
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failures } from '../../functions/core/delivery-status.ts';
import { type GroupServer, startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { configText, groupAddress, plainMail, token } from '../scenarios.ts';
import { artefacts, installCommand, type RunOptions } from './installed-command.ts';
import { matching } from './matching.ts';

const command = installCommand();
const config = command.newFile(configText);
afterAll(() => command.remove());

const stamped = `X-Original-To: ${groupAddress}\n${plainMail}`;

describe.each(artefacts)('explain of %s', (artefact) => {
  let server: GroupServer;
  beforeEach(async () => {
    server = await startGroupServer();
  });
  afterEach(() => server.stop());

  const explain = async (args: readonly string[], input: string | Buffer = stamped, options: RunOptions = {}) => {
    const ended = await command.run(artefact, { ...options, args: ['explain', ...args], input });
    expect(ended).toMatchObject({ exit: 0, stderr: '' });
    expect(ended.stdout).not.toContain(token);
    const rows = ended.stdout
      .trimEnd()
      .split('\n')
      .map((line) => /^([A-Za-z- ]+): +(.*)$/.exec(line) ?? []);
    return Object.fromEntries(rows.map(([, name = '', text = '']) => [name, text]));
  };

  it('tells what a mail is and what would be done with it', async () => {
    const mail = Buffer.from(
      `X-Original-To: ${groupAddress}\r\nFrom: =?utf-8?q?Ad=C3=A1?= <ada@example.com>\r\nTo: ${groupAddress}\r\nSubject: =?utf-8?q?T=C3=A9=1B=5B31m?=\r\nMessage-ID: <tea@example.com>\r\nDate: Sun, 22 Nov 2026 08:00:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename="tea.png"\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n`,
    );
    const told = await explain([`--config=${config}`], mail);
    expect(told).toMatchObject({
      From: '"Ad\xc3\xa1" <ada@example.com>',
      Subject: 'T\xc3\xa9 [31m',
      Date: '2026-11-22T07:00:00.000Z',
      'Message-ID': '<tea@example.com>',
      Parts: 'text of 5 characters; image/png tea.png (3 bytes)',
      Size: `${mail.length} bytes, of 209715200 that are allowed`,
      Configuration: `${config}, instance default`,
      Recipient: `${groupAddress}, from the first X-Original-To of the mail`,
      Route: matching(/^to a group/),
      Group: 'unknown without --url',
      Result: '2.0.0 Added to the group, if the server accepts what it is sent',
      'Exit status': '0, the mail is delivered',
    });
    expect(server.requests).toEqual([]);
  });

  it('tells the sizes and the key of the requests that a delivery sends', async () => {
    const told = await explain([`--config=${config}`]);
    const args = [`--config=${config}`, `--lock-dir=${command.newDirectory()}`, server.url];
    expect(await command.run(artefact, { args, input: stamped })).toMatchObject({ exit: 0 });
    // The id of the group is not known without asking: here it stands for "group".
    const [lookUp, add] = server.requests.map(({ headers }) => Number(headers['content-length']));
    const unknown = 'example_group'.length - 'group'.length;
    expect(told['Would send']).toBe(
      `POST /gs-group-messages-add-group-exists.html (${lookUp} bytes); POST /gs-group-messages-add-email.html (${Number(add) - unknown} bytes)`,
    );
    expect(told['Key']).toBe(`${server.posts[0]?.idempotencyKey} (Idempotency-Key)`);
  });

  it.each([
    ['--recipient', ['--recipient=p-ada@groups.example.com'], {}, /^p-ada@\S+, from --recipient$/, /^to a member/],
    [
      'the environment',
      [],
      { ORIGINAL_RECIPIENT: 'other@groups.example.com' },
      /^other@\S+, from ORIGINAL_REC/,
      /^to a group/,
    ],
    [
      'both',
      [],
      { ORIGINAL_RECIPIENT: groupAddress },
      /^example_group@\S+, from the first X-Or.* confirms$/,
      /^to a group/,
    ],
    ['--recipient', ['--recipient=g+a=b.c@x'], {}, /from --recipient$/, /^a bounce of a member/],
    ['the mail', ['--list=one'], {}, /X-Original-To/, /^to the group of --list/],
  ] as const)('tells a recipient from %s', async (_, args, environment, recipient, route) => {
    const told = await explain([`--config=${config}`, ...args], stamped, { environment });
    expect(told).toMatchObject({ Recipient: matching(recipient), Route: matching(route) });
  });

  it('tells what is wrong with a mail', async () => {
    const without = await explain([`--config=${config}`], plainMail);
    expect(without).toMatchObject({
      Recipient: 'none',
      Route: 'none',
      'Would send': 'nothing',
      Result: matching(/^5\.1\.3 .*flag O/),
      'Exit status': '65, the mail is bounced',
    });
    const large = await explain([`--config=${config}`, '--max-size=1'], stamped.padEnd(1024 * 1024 + 1));
    expect(large).toMatchObject({ Result: matching(/^5\.3\.4 /), 'Exit status': '65, the mail is bounced' });
    const empty = await explain([`--config=${config}`], '');
    expect(empty).toMatchObject({ Result: matching(/^5\.3\.0 /) });
  });

  it('goes on without a configuration, and tells so', async () => {
    const told = await explain(['--config=/nowhere']);
    expect(told).toMatchObject({
      Configuration: matching(/ENOENT.*every mail is deferred/),
      Result: matching(/^2\.0\.0/),
    });
  });

  it('asks the look-up with --url, and nothing else', async () => {
    const told = await explain([`--config=${config}`, `--url=${server.url}`]);
    expect(told).toMatchObject({
      Group: matching(/^example_group, as 127\.0\.0\.1:\d+ says$/),
      Result: matching(/^2\.0\.0/),
    });
    expect(server.requests.map(({ path, fields }) => ({ path, email: fields['email'] }))).toEqual([
      { path: '/gs-group-messages-add-group-exists.html', email: groupAddress },
    ]);
    server.clear();
    const unknown = await explain([
      `--config=${config}`,
      `--url=${server.url}`,
      '--recipient=nobody@groups.example.com',
    ]);
    expect(unknown).toMatchObject({
      Group: matching(/^not found/),
      'Would send': 'nothing',
      Result: matching(/^5\.1\.1 /),
    });
    const member = await explain([`--config=${config}`, `--url=${server.url}`, '--recipient=p-ada@groups.example.com']);
    expect(member).toMatchObject({ Result: matching(/^2\.0\.0 Relayed/) });
    expect(server.requests).toHaveLength(1);
    expect(server.relayed).toEqual([]);
  });

  it('reads the mail from a file', async () => {
    const file = command.newFile(stamped);
    expect(await explain([`--config=${config}`, file], '')).toMatchObject({ Subject: 'Tea' });
  });

  describe('--http', () => {
    const explainHttp = async (...args: string[]) => {
      const ended = await command.run(artefact, { args: ['explain', ...args], input: '' });
      expect(ended).toMatchObject({ exit: 0, stderr: '' });
      return ended.stdout;
    };

    it('tells what a status means on each page', async () => {
      expect(await explainHttp('--http=413')).toBe(
        [
          'HTTP 413:',
          `  look-up               4.5.0  exit 75  deferred   ${failures['answer-not-understood'].text}`,
          `  add, after a look-up  5.3.4  exit 65  bounced    ${failures['message-too-large'].text}`,
          `  add, with --list      5.3.4  exit 65  bounced    ${failures['message-too-large'].text}`,
          `  relay                 5.3.4  exit 65  bounced    ${failures['message-too-large'].text}`,
          `  bounce                4.5.0  exit 75  deferred   ${failures['answer-not-understood'].text}`,
          '',
        ].join('\n'),
      );
    });

    it.each([
      ['503', 'add', ['4.5.0', '4.5.0']],
      ['400', 'add', ['5.5.0', '4.5.0']],
      ['410', 'bounce', ['5.5.0']],
      ['303', 'relay', ['4.4.4']],
      ['302', 'look-up', ['4.4.4']],
      ['200', 'add', ['2.0.0', '2.0.0', '4.5.0', '4.5.0']],
    ])('tells what %s means on the page %s', async (status, page, codes) => {
      const told = await explainHttp(`--http=${status}`, `--page=${page}`);
      expect(told.match(/\d\.\d\.\d/g)).toEqual(codes);
    });

    it.each([['100'], ['600'], ['x'], ['0']])('refuses the status %s', async (status) => {
      const ended = await command.run(artefact, { args: ['explain', `--http=${status}`], input: '' });
      expect(ended).toMatchObject({ exit: 64, stdout: '', stderr: matching(/--http/) });
    });
  });

  it.each([
    [['a', 'b'], 64, /one file/],
    [['/nowhere/mail'], 64, /\/nowhere\/mail \(ENOENT\)/],
    [['--url=https://x', '--config=/nowhere'], 75, /ENOENT/],
  ])('says what is wrong with %j', async (args, exit, says) => {
    const ended = await command.run(artefact, { args: ['explain', ...args], input: stamped });
    expect(ended).toMatchObject({ exit, stdout: '', stderr: matching(says) });
  });
});
