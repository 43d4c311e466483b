/**
 * Line breaks, NUL and quotes through recipient, list, group, header values and options of the mail system: what the
 * command sends is what the form has, its status is one line, and its log one line of JSON.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type GroupServer, startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { configText, groupAddress, plainMail } from '../scenarios.ts';
import { artefacts, installCommand } from '../smtp2gs/installed-command.ts';
import { openSession, sendMail, stuffed } from '../smtp2gs/lmtp-client.ts';
import { startLmtp } from '../smtp2gs/lmtp-process.ts';

const command = installCommand();
let server: GroupServer;
beforeAll(async () => {
  server = await startGroupServer();
});
afterEach(() => server.clear());
afterAll(async () => {
  await server.stop();
  command.remove();
});

/** All that a delivery sends in its head, and in its forms. */
const headNames = ['connection', 'content-length', 'content-type', 'host'];
/** Not every page is given a key, and only Bun's fetch says these. */
const otherNames = new Set(['idempotency-key', 'accept', 'user-agent']);
const fieldNames = {
  lookUp: ['actions.check', 'email'],
  add: ['actions.add', 'groupId', 'timeSource'],
  bounce: ['actions.handle', 'groupEmail', 'userEmail'],
};

function expectCleanRequests(): void {
  for (const { headers, fields, path, refused, answeredStatus } of server.requests) {
    expect(
      Object.keys(headers)
        .filter((name) => !otherNames.has(name))
        .sort(),
    ).toEqual(headNames);
    expect(headers['idempotency-key'] ?? '0'.repeat(64)).toMatch(/^[0-9a-f]{64}$/);
    expect(headers.accept ?? '*/*').toBe('*/*');
    expect(headers['user-agent'] ?? 'smtp2gs/0.0.0').toMatch(/^smtp2gs\/\d+\.\d+\.\d+$/);
    expect(headers['content-type']).toMatch(/^multipart\/form-data; boundary=----smtp2gs-form-data-\d+$/);
    const page = path.includes('exists') ? 'lookUp' : path.includes('bounce') ? 'bounce' : 'add';
    expect(Object.keys(fields).sort()).toEqual(fieldNames[page]);
    expect({ refused, answeredStatus }).toEqual({ refused: [], answeredStatus: 200 });
  }
}

const breaks = ['\r\nX-Injected: yes', '\nX-Injected: yes', '\r', '\u2028', '\u0085', '\x1b[31m', '\x7f'];
const quotes = [
  '"; filename="x',
  '"\\',
  "';--",
  '------smtp2gs-form-data-0',
  '------smtp2gs-form-data-0--',
  '%0d%0aX-Injected:%20yes',
  '=?utf-8?q?=0d=0a?=',
  '<script>alert(1)</script>',
];

describe.each(artefacts)('%s', (artefact) => {
  const deliver = async (args: string[], input: string = plainMail, environment: Record<string, string> = {}) => {
    const lockDir = command.newDirectory();
    const log = join(lockDir, 'log');
    const config = command.newFile(configText);
    const all = [`--config=${config}`, `--lock-dir=${lockDir}`, `--log=${log}`, ...args, server.url];
    const { exit, stdout, stderr } = await command.run(artefact, {
      args: all,
      input: Buffer.from(input, 'latin1'),
      environment,
    });
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^(?:[245]\.\d\.\d [\x20-\x7e]{1,490}\n)?$/);
    let lines: string[] = [];
    try {
      lines = readFileSync(log, 'utf8').split('\n');
    } catch {
      // Wrong usage comes before the log.
      return { exit, stderr, log: {} };
    }
    expect(lines).toHaveLength(2);
    const entry: unknown = JSON.parse(lines[0] ?? '');
    expectCleanRequests();
    return { exit, stderr, log: entry };
  };

  it.each(breaks)('sends nothing for a recipient with %j', async (odd) => {
    const local = await deliver([`--recipient=list${odd}@groups.example.com`]);
    expect(local).toMatchObject({ exit: 65, log: { code: '5.1.3' } });
    const given = await deliver([], plainMail, { ORIGINAL_RECIPIENT: `list${odd}@groups.example.com` });
    expect(given).toMatchObject({ exit: 65, log: { code: '5.1.3' } });
    expect(server.requests).toEqual([]);
  });

  it.each(['\0', '\r', '\x85', '\xff', '\x1b[31m'])('sends nothing for an X-Original-To with %j', async (odd) => {
    const delivered = await deliver([], `X-Original-To: list${odd}@groups.example.com\n${plainMail}`);
    expect(delivered).toMatchObject({ exit: 65, log: { code: '5.1.3' } });
    expect(server.requests).toEqual([]);
  });

  it.each(quotes)('asks for the recipient %j as it is', async (odd) => {
    const { exit, stderr } = await deliver([`--recipient=${odd}@groups.example.com`]);
    expect({ exit, code: stderr.slice(0, 6) }).toEqual({ exit: 67, code: '5.1.1 ' });
    expect(server.requests.map(({ fields }) => fields['email'])).toEqual([`${odd}@groups.example.com`]);
  });

  it.each(quotes)('tells the bounce of the member %j as it is', async (odd) => {
    await deliver([`--recipient=example_group+${odd.replaceAll('=', '')}=example.com@groups.example.com`, '--sender=']);
    expect(server.bounces).toMatchObject([
      { userEmail: `${odd.replaceAll('=', '')}@example.com`, groupEmail: groupAddress },
    ]);
  });

  it.each([...breaks, ' '])('takes no --list with %j', async (odd) => {
    const { exit, stderr } = await deliver([`--list=group${odd}x`]);
    expect({ exit, stderr: stderr.slice(0, 6) }).toEqual({ exit: 75, stderr: '4.3.5 ' });
    expect(server.requests).toEqual([]);
  });

  it.each(['\r\nX: y', '\n', '\0', '\u2028', '\u00e9', '" x'])(
    'takes no group with %j from the server',
    async (odd) => {
      server.faults.next({ kind: 'body', body: JSON.stringify({ groupId: `group${odd}` }) });
      expect(await deliver([`--recipient=${groupAddress}`])).toMatchObject({ exit: 75, log: { code: '4.5.0' } });
      expect(server.requests).toHaveLength(1);
    },
  );

  it.each(['";filename="x', '------smtp2gs-form-data-0', '</form>'])(
    'sends the group %j of the server as it is',
    async (id) => {
      server.faults.next({ kind: 'body', body: JSON.stringify({ groupId: id }) });
      server.faults.next({ kind: 'body', body: '<p id="form-message">' }, { page: 'add' });
      expect(await deliver([`--recipient=${groupAddress}`])).toMatchObject({ exit: 0, log: { group: id } });
      expect(server.requests[1]?.fields['groupId']).toBe(id);
    },
  );

  it('writes one line of JSON for a mail with any header, and any word of the mail system', async () => {
    const odd = '"a\x1b[31m\0\r\x85\xff\\u000a</script>\u007f';
    const header = `Message-ID: <${odd}\r\n\tfolded\n "second": "line"@example.com>\nSubject: secret subject ${odd}\n`;
    const args = [`--recipient=${groupAddress}`, '--queue-id=4F\n{"code":"5.0.0"}', '--sender=ada\r\n@example.com'];
    const { exit, log } = await deliver(args, `${header}From: Ada <ada@example.com>\n\nsecret body\n`);
    expect(exit).toBe(0);
    expect(log).toMatchObject({ queueId: '4F\n{"code":"5.0.0"}', sender: 'ada\r\n@example.com', code: '2.0.0' });
    expect(JSON.stringify(log)).not.toContain('secret');
  });

  it('keeps the form whole, whatever the mail holds', async () => {
    const form =
      '------smtp2gs-form-data-0\r\nContent-Disposition: form-data; name="form.groupId"\r\n\r\nsecond_group\r\n';
    await deliver([`--recipient=${groupAddress}`], `Subject: x\r\n\r\n${form}${form}------smtp2gs-form-data-0--\r\n`);
    expect(server.posts.map(({ groupId }) => groupId)).toEqual(['example_group']);
  });

  it('as an LMTP server answers and tells each recipient in one line', async () => {
    const log = join(command.newDirectory(), 'log');
    const lmtp = await startLmtp(command, artefact, server.url, { args: [`--log=${log}`] });
    try {
      const client = await openSession(lmtp.where);
      const local = [
        '"a b"',
        '"\\""',
        'a\x1b[31mb',
        'gr\xfcppe',
        "a'b",
        '%0d%0a',
        ...quotes.filter((each) => !/[<>]/.test(each)),
      ];
      const recipients = [...local.map((each) => `${each}@groups.example.com`), groupAddress];
      const mail = `Message-ID: <"\x1b\0">\r\n\r\n${stuffed(Buffer.from('250 2.0.0 forged')).toString('latin1')}`;
      expect(await client.say('MAIL FROM:<ada\x1b"@example.com> X=\x1b')).toMatch(/^\d{3} [\x20-\x7e]+$/);
      await client.say('RSET');
      const replies = await sendMail(client, recipients, mail);
      const all = [...replies.recipients, ...replies.mail];
      expect(all).toHaveLength(recipients.length + 1);
      for (const reply of all) expect(reply).toMatch(/^\d{3} [\x20-\x7e]+$/);
      expect(replies.mail).toEqual(['250 2.0.0 Added to the group']);
      expectCleanRequests();
      const said = lmtp.said().trimEnd().split('\n').slice(1);
      for (const line of said) expect(line).toMatch(/^(refused|delivered) to=<[\x20-\x7e]+$/);
      const entries = readFileSync(log, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line));
      expect(entries).toHaveLength(said.length);
    } finally {
      await lmtp.stop('SIGKILL');
    }
  });
});
