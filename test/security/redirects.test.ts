/**
 * The token goes to the site and nowhere else: redirects to a second server, written in every way that browsers and
 * libraries have disagreed about, over both transports and by the command. The second server must see no connection.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { undiciTransport } from '../../functions/ses2gs/undici-transport.ts';
import { httpTransport } from '../../functions/smtp2gs/http-transport.ts';
import { type GroupServer, startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { deliverDoor } from '../core/deliver-door.ts';
import type { Door } from '../run-scenario.ts';
import { configText, plainMail, type Scenario } from '../scenarios.ts';
import { commandDoor } from '../smtp2gs/command-door.ts';
import { artefacts, installCommand } from '../smtp2gs/installed-command.ts';

const command = installCommand();
let site: GroupServer;
let elsewhere: Server;
let elsewherePort = 0;
let connections = 0;

beforeAll(async () => {
  site = await startGroupServer();
  elsewhere = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 28\r\n\r\n<p id="form-message">Done</p>');
  });
  // Every address of this machine, so that no way of writing one is missed.
  elsewhere.listen(0, '127.0.0.1');
  await once(elsewhere, 'listening');
  const address = elsewhere.address();
  if (address !== null && typeof address === 'object') elsewherePort = address.port;
});
afterEach(() => {
  site.clear();
  connections = 0;
});
afterAll(async () => {
  await site.stop();
  elsewhere.close();
  command.remove();
});

/** EVIL is the second server, GOOD the site, PORT and OTHER their ports. */
const locations = [
  'http://EVIL/',
  'HTTP://EVIL/x?y#z',
  '//EVIL/',
  '///EVIL/',
  '/\\EVIL/',
  '\\\\EVIL\\',
  'http:\\\\EVIL/',
  'http:/\\EVIL/',
  'http:////EVIL/',
  'http:/EVIL/',
  'http:EVIL/',
  'http://GOOD@EVIL/',
  'http://GOOD:80@EVIL/',
  'http://GOOD%2f@EVIL/',
  'http://ada:secret@EVIL/',
  'http://EVIL#@GOOD/',
  'http://EVIL\\@GOOD/',
  'http://EVIL?@GOOD/',
  'http://EVIL/@GOOD/',
  '\thttp://EVIL/',
  ' http://EVIL/ ',
  'ht\ttp://EVIL/',
  'http:/\t/EVIL/',
  'http://127.0.0\t.1:OTHER/',
  'http://localhost:OTHER/',
  'http://2130706433:OTHER/',
  'http://0x7f.1:OTHER/',
  'http://0177.0.0.1:OTHER/',
  'http://127.1:OTHER/',
  'http://127.0.0.1.:OTHER/',
  'http://[::ffff:127.0.0.1]:OTHER/',
  'http://[::ffff:7f00:1]:OTHER/',
  // As UTF-8 on the wire: full-width digits, an ideographic full stop.
  'http://１２７.0.0.1:OTHER/',
  'http://127。0。0。1:OTHER/',
  'http://%31%32%37.0.0.1:OTHER/',
  'http://127.0.0.1%00:OTHER/',
  'http://127.0.0.1:0OTHER/',
  'https://127.0.0.2:OTHER/',
  // The same server by another name, or by another scheme.
  'http://localhost:PORT/',
  'http://127.0.0.2:PORT/',
  'ftp://GOOD/',
  'ws://GOOD/',
  'file://GOOD/etc/passwd',
  'file:///etc/passwd',
  'javascript://GOOD/%0aalert(1)',
  'data:text/html,<p id="form-message">',
  'blob:http://GOOD/1',
  'http://',
  'http://:OTHER/',
  'http://[EVIL/',
];

const scenario = (envelope: Scenario['envelope']): Scenario => ({
  title: '',
  timeout: 20,
  ...(envelope && { envelope }),
  expected: { kind: 'server-unreachable', requests: [] },
});

async function expectStays(door: Door, location: string, status: number): Promise<void> {
  const url = new URL(site.url);
  const written = location
    .replaceAll('EVIL', `${url.hostname}:${elsewherePort}`)
    .replaceAll('GOOD', url.host)
    .replaceAll('OTHER', String(elsewherePort))
    .replaceAll('PORT', url.port);
  // Header fields are bytes: these are those of UTF-8.
  site.faults.always({ kind: 'redirect', status, location: Buffer.from(written).toString('latin1') });
  const { line, exit } = await door(scenario({ list: 'example_group' }), site.url);
  expect([location, exit, line.slice(0, 6), connections]).toEqual([location, 75, line.slice(0, 6), 0]);
  expect(line).toMatch(/^4\.(4\.4|5\.0) /);
  expect(line).not.toMatch(/secret|theValueOfTheToken/);
  expect(site.posts).toEqual([]);
}

describe.each([
  ['node:http', httpTransport({ insecure: false })],
  ['undici', undiciTransport()],
])('over %s', (_, post) => {
  const door = deliverDoor(post);

  it.each(locations)('a redirect to %j leads nowhere else', async (location) => {
    for (const status of [301, 302, 303, 307, 308]) {
      await expectStays(door, location, status);
      site.clear();
    }
  });

  it('nor does a second redirect behind a good one', async () => {
    site.faults.next({ kind: 'redirect', status: 307, location: '/moved' });
    await expectStays(door, 'http://EVIL/', 308);
    expect(site.requests).toHaveLength(2);
  });

  it('nor do other statuses with a Location, or a Refresh', async () => {
    for (const status of [200, 201, 202, 300, 304, 305, 306, 399, 401, 503]) {
      const there = `http://127.0.0.1:${elsewherePort}/`;
      site.faults.always({
        kind: 'status',
        status,
        headers: { location: there, refresh: `0; url=${there}`, 'alt-svc': `h2=":${elsewherePort}"` },
      });
      const { exit } = await door(scenario({ list: 'example_group' }), site.url);
      expect([status, exit, connections]).toEqual([status, 75, 0]);
    }
  });
});

describe.each(artefacts)('by the built %s', (artefact) => {
  const door = commandDoor(command, artefact, false);

  it.each(locations.filter((_, index) => index % 4 === 0))('a redirect to %j leads nowhere else', async (location) => {
    await expectStays(door, location, 307);
  });

  it.each(['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY'])('asks no proxy that %s names', async (name) => {
    const proxy = `http://127.0.0.1:${elsewherePort}`;
    const args = [`--config=${command.newFile(configText)}`, `--lock-dir=${command.newDirectory()}`];
    const result = await command.run(artefact, {
      args: [...args, '--list=example_group', site.url],
      input: plainMail,
      environment: { [name]: proxy },
    });
    expect(result).toMatchObject({ exit: 0, stderr: '' });
    expect([site.posts.length, connections]).toEqual([1, 0]);
  });
});
