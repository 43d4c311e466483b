/**
 * The token is in nothing that the command shows: not in its words, its environment or those of the processes that it
 * starts, not on stderr, not in its log; whatever the server says.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Fault, type GroupServer, startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { until } from '../postfix/until.ts';
import { configText, groupAddress, plainMail, token } from '../scenarios.ts';
import { artefacts, installCommand, type RunOptions } from '../smtp2gs/installed-command.ts';
import { openSession, sendMail } from '../smtp2gs/lmtp-client.ts';
import { startLmtp } from '../smtp2gs/lmtp-process.ts';
import { descendants, shownOf } from './processes.ts';

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

/** A server, or a proxy before it, that knows the token and says it wherever it can. */
const talkative: [string, Fault][] = [
  ['refuses the token and quotes it', { kind: 'refused-form', labels: ['Token'] }],
  ['quotes it on an error page', { kind: 'status', status: 500, body: `<p>${token}</p>` }],
  ['quotes it in an error box', { kind: 'body', body: `<p id="form-message" class="alert-error">${token}</p>` }],
  [
    'quotes it in a refused field',
    { kind: 'body', body: `<p id=form-message class=alert-error><dl><dt>Token<dd class=error>${token}` },
  ],
  ['quotes it on a page that is no answer', { kind: 'body', body: `<p>You sent ${token}</p>` }],
  ['quotes it as a group', { kind: 'body', body: JSON.stringify({ groupId: `the token is ${token}` }) }],
  ['quotes it as a key', { kind: 'body', body: JSON.stringify({ [token]: 1 }) }],
  [
    'quotes it in header fields',
    { kind: 'status', status: 403, headers: { 'WWW-Authenticate': token, 'Retry-After': token } },
  ],
  [
    'redirects with it',
    { kind: 'redirect', status: 302, location: `http://ada:${token}@other.example/${token}?${token}#${token}` },
  ],
  ['quotes it instead of HTTP', { kind: 'garbage', bytes: `HTTP/1.1 ${token} ${token}\r\n${token}\r\n\r\n${token}` }],
  [
    'quotes it where the status stands',
    { kind: 'garbage', bytes: `HTTP/1.1 503 ${token}\r\nContent-Length: 0\r\n\r\n` },
  ],
];

/** Configuration files in which the token stands where it does not belong. */
const spoilt: [string, string][] = [
  ['indented', configText.replaceAll('\n', '\n  ')],
  ['without an =', configText.replace('token =', 'token')],
  ['on a line of its own', `${configText}\n${token}\n`],
  ['in place of a section', `[config-default]\nwebservice = token = ${token}\n`],
  ['before all sections', `token = ${token}\n${configText}`],
  ['outside ASCII', configText.replace(token, `${token}é`)],
];

describe.each(artefacts)('%s', (artefact) => {
  const options = (config: string, lockDir: string, log: string) => [
    `--config=${config}`,
    `--lock-dir=${lockDir}`,
    `--log=${log}`,
    `--recipient=${groupAddress}`,
  ];
  const deliver = async (configuration: string, more: RunOptions = {}) => {
    const lockDir = command.newDirectory();
    const log = join(lockDir, 'log');
    const config = command.newFile(configuration);
    const result = await command.run(artefact, {
      input: plainMail,
      args: [...options(config, lockDir, log), server.url],
      ...more,
    });
    return { ...result, log: readFileSync(log, 'utf8') };
  };

  it('shows no token to ps, neither while it delivers nor while it waits for its turn', async () => {
    const lockDir = command.newDirectory();
    const args = [...options(command.newFile(configText), lockDir, join(lockDir, 'log')), server.url];
    server.faults.next({ kind: 'hang', when: 'after-body' }, { page: 'add' });
    const children: { pid?: number | undefined; kill(signal: NodeJS.Signals): unknown }[] = [];
    const run = () => command.run(artefact, { args, input: plainMail, onStart: (child) => children.push(child) });
    const delivering = run();
    await until('the first is delivering', () => server.requests.length === 2 || undefined);
    const waiting = run();
    const below = () => descendants(children[1]?.pid ?? 0);
    await until('the second waits', () => below().some((pid) => shownOf(pid).includes('flock')) || undefined);
    const all = [children[0]?.pid ?? 0, children[1]?.pid ?? 0, ...below()].map(shownOf);
    expect(all.length).toBeGreaterThanOrEqual(3);
    for (const shown of all) {
      expect(shown).toMatch(/smtp2gs|flock/);
      expect(shown).not.toContain(token);
    }
    for (const child of children) child.kill('SIGTERM');
    for (const { stderr } of await Promise.all([delivering, waiting])) expect(stderr).toMatch(/^4\.3\.0 /);
  });

  it.each(talkative)('says no token when the server %s', async (_, fault) => {
    server.faults.always(fault);
    const { exit, stdout, stderr, log } = await deliver(configText);
    expect(exit).toBe(75);
    expect(stderr).toMatch(/^4\.\d\.\d /);
    expect(log).toMatch(/"outcome":"deferred"/);
    expect(stdout + stderr + log).not.toContain(token);
  });

  it.each(spoilt)('says no token when it stands %s', async (_, configuration) => {
    const { exit, stderr, log } = await deliver(configuration);
    expect({ exit, code: stderr.slice(0, 6) }).toEqual({ exit: 75, code: '4.3.5 ' });
    expect(stderr + log).not.toContain(token);
  });

  it('as an LMTP server shows and says no token', async () => {
    const log = join(command.newDirectory(), 'log');
    const lmtp = await startLmtp(command, artefact, server.url, { args: [`--log=${log}`] });
    try {
      const client = await openSession(lmtp.where);
      const replies = [await sendMail(client, [groupAddress], plainMail)];
      for (const [, fault] of talkative) {
        server.faults.next(fault);
        replies.push(await sendMail(client, ['second_group@groups.example.com'], plainMail));
      }
      expect(
        replies.flatMap(({ recipients }) => recipients).filter((reply) => reply.startsWith('451')).length,
      ).toBeGreaterThan(5);
      const shown = [lmtp.child.pid ?? 0, ...descendants(lmtp.child.pid ?? 0)].map(shownOf).join('\n');
      expect(shown).toContain('lmtp');
      const all = [shown, lmtp.said(), readFileSync(log, 'utf8'), JSON.stringify(replies)];
      expect(all.filter((text) => text.includes(token))).toEqual([]);
    } finally {
      await lmtp.stop('SIGKILL');
    }
  });
});
