/** Each way in which the reference GroupServer can be made to misbehave, as a client on a bare socket sees it. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Pool, request } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Fault, type GroupServer, startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { get, goodForms, multipart, PATIENTLY, requestTo, submit, talk } from './group-server-client.ts';

let server: GroupServer;
beforeEach(async () => {
  server = await startGroupServer();
});
afterEach(() => server.stop());

const add = requestTo('add', multipart(goodForms.add));
const withFault = (fault: Fault, patience?: number) => {
  server.faults.next(fault, { page: 'add' });
  return talk(server, add, patience);
};
const GOOD_BOX = 'id="gs-content-form-base-message" class="alert alert-info"';
const lastStatus = () => server.requests.at(-1)?.answeredStatus;

describe('instead of the work', () => {
  it('it answers a status, with header fields and body to order', async () => {
    const plain = await withFault({ kind: 'status', status: 503 });
    expect([plain.status, plain.body.includes('gs-content')]).toEqual([503, false]);
    const full = await withFault({ kind: 'status', status: 429, headers: { 'Retry-After': '7' }, body: 'later' });
    expect([full.status, full.headers.get('retry-after'), full.body]).toEqual([429, '7', 'later']);
    const nothing = await withFault({ kind: 'status', status: 204 });
    expect([nothing.body, nothing.headers.get('content-length')]).toEqual(['', '0']);
    expect(server.requests.map(({ answeredStatus }) => answeredStatus)).toEqual([503, 429, 204]);
    expect(server.posts).toEqual([]);
  });

  it('it refuses the form, on the look-up page too, and quotes the token', async () => {
    server.faults.always({ kind: 'refused-form', labels: ['Token', 'Time source'] });
    const lookUp = await submit(server, 'look-up');
    expect([lookUp.status, lookUp.headers.get('content-type')]).toEqual([200, 'text/html; charset=UTF-8']);
    expect(lookUp.body).toContain('class="alert-block alert-error"');
    expect(lookUp.body).toContain('<dt>Token</dt><dd class="error">The token &quot;theValueOfTheToken&quot; does not');
    expect(lookUp.body).toContain('<dt>Time source</dt><dd class="error">');
    expect(server.requests).toMatchObject([{ refused: ['Token', 'Time source'], tokenOk: true, answeredStatus: 200 }]);
    expect(server.posts).toEqual([]);
  });

  it('it answers any body', async () => {
    const json = await withFault({ kind: 'body', body: '{}', headers: { 'Content-Type': 'application/json' } });
    expect([json.status, json.body, json.wire.match(/content-type: .*/gi)]).toEqual([
      200,
      '{}',
      ['content-type: application/json'],
    ]);
    expect((await withFault({ kind: 'body', status: 201, body: '<h1>Log in</h1>' })).status).toBe(201);
    expect(server.posts).toEqual([]);
  });

  it.each([301, 302, 303, 307, 308])('it redirects with %i', async (status) => {
    const location = 'https://other.example.com/%0d%0ax';
    const { headers, ...answer } = await withFault({ kind: 'redirect', status, location });
    expect([answer.status, headers.get('location')]).toEqual([status, location]);
    expect((await withFault({ kind: 'redirect', status })).headers.has('location')).toBe(false);
    expect(server.posts).toEqual([]);
  });

  it('it sends an empty page, nothing, or what is not HTTP', async () => {
    expect(await withFault({ kind: 'empty' })).toMatchObject({ status: 200, body: '', end: 'goodbye' });
    expect(await withFault({ kind: 'close' })).toMatchObject({ wire: '', end: 'goodbye' });
    const garbage = await withFault({ kind: 'garbage' });
    expect(garbage).toMatchObject({ status: 0, end: 'goodbye' });
    expect(garbage.wire).not.toBe('');
    expect((await withFault({ kind: 'garbage', bytes: 'HTTP/1.1 2OO\r\n\xff' })).wire).toBe('HTTP/1.1 2OO\r\n\xff');
    expect(server.requests.map(({ answeredStatus }) => answeredStatus)).toEqual([200, 'fault', 'fault', 'fault']);
    expect(server.posts).toEqual([]);
  });

  it.each(['after-head', 'after-body'] as const)('it resets or hangs %s', async (when) => {
    expect(await withFault({ kind: 'reset', when })).toMatchObject({ wire: '', end: 'reset' });
    expect(await withFault({ kind: 'hang', when }, 200)).toMatchObject({ wire: '', end: 'silence' });
    // The form is known once the body has been read, and only then.
    const groupId = when === 'after-body' ? 'example_group' : undefined;
    const recorded = server.requests.map(({ answeredStatus, fields }) => [answeredStatus, fields['groupId']]);
    expect(recorded).toEqual([
      ['fault', groupId],
      ['fault', groupId],
    ]);
    expect(server.posts).toEqual([]);
  });

  it('it resets and hangs new connections before they carry anything', async () => {
    server.faults.next({ kind: 'reset', when: 'at-once' });
    expect((await talk(server, '')).end).toBe('reset');
    server.faults.next({ kind: 'hang', when: 'at-once' });
    expect(await talk(server, add, 100)).toMatchObject({ wire: '', end: 'silence' });
    expect(server.requests).toEqual([]);
    expect(server.posts).toEqual([]);
  });

  it('it answers before it has read the body, and then closes', async () => {
    server.faults.next({ kind: 'early-answer', status: 413 });
    const head = add.subarray(0, add.indexOf('\r\n\r\n') + 4);
    expect(await talk(server, head)).toMatchObject({ status: 413, end: 'goodbye' });
    expect(server.requests).toMatchObject([{ answeredStatus: 413, fields: {} }]);
    server.faults.next({ kind: 'early-answer', status: 413 });
    const long = requestTo('add', { type: 'text/plain', body: Buffer.alloc(0) }, { 'content-length': '100000000' });
    const socket = connect({ host: '127.0.0.1', port: server.port, allowHalfOpen: true }, () => socket.write(long));
    await once(socket.resume(), 'end');
    const writing = setInterval(() => socket.write(Buffer.alloc(1000)), 20);
    await new Promise((resolve) => socket.on('error', () => undefined).on('close', resolve));
    clearInterval(writing);
    expect(server.posts).toEqual([]);
  });

  it('it pours out more than anybody wants to read', async () => {
    const { body, headers } = await withFault({ kind: 'huge', bytes: 3_000_000 });
    expect([body.length, headers.get('content-length')]).toEqual([3_000_000, '3000000']);
    server.faults.next({ kind: 'huge', bytes: 'endless' });
    const endless = await request(`${server.url}/gs-group-messages-add-email.html`, { method: 'POST', body: '' });
    let size = 0;
    for await (const chunk of endless.body) {
      size += Buffer.from(chunk).length;
      if (size > 20_000_000) break;
    }
    expect(size).toBeGreaterThan(20_000_000);
    expect(endless.headers['content-length']).toBeUndefined();
    expect(server.posts).toEqual([]);
  });
});

describe('after the work', () => {
  it('it answers a little at a time', async () => {
    server.faults.next({ kind: 'drip', bytesPerSecond: 40_000 });
    const { body, end } = await talk(server, add);
    expect(body).toContain(GOOD_BOX);
    expect([end, lastStatus()]).toEqual(['goodbye', 200]);
    expect(server.posts).toHaveLength(1);
  });

  it('it stops half-way through the announced length', async () => {
    const { headers, body, end } = await withFault({ kind: 'truncate' });
    expect(body.length).toBe(Number(headers.get('content-length')) >> 1);
    expect([end, lastStatus()]).toEqual(['goodbye', 'fault']);
    expect(server.posts).toHaveLength(1);
  });

  it('it stops before the last chunk', async () => {
    const { headers, wire, end } = await withFault({ kind: 'truncate', chunked: true });
    expect([headers.get('transfer-encoding'), headers.has('content-length'), end]).toEqual([
      'chunked',
      false,
      'goodbye',
    ]);
    expect(wire).not.toContain('\r\n0\r\n');
    expect(server.posts).toHaveLength(1);
  });

  it('it sends more than announced', async () => {
    const { headers, body } = await withFault({ kind: 'wrong-length', extra: 7 });
    expect(body.length).toBe(Number(headers.get('content-length')) + 7);
    expect(lastStatus()).toBe('fault');
    expect(server.posts).toHaveLength(1);
  });

  it.each(['reset', 'hang'] as const)('it does the %s in the middle of its answer', async (kind) => {
    const { headers, body, end } = await withFault({ kind, when: 'mid-answer' }, 300);
    expect(body.length).toBe(Number(headers.get('content-length')) >> 1);
    expect([end, lastStatus()]).toEqual([kind === 'reset' ? 'reset' : 'silence', 'fault']);
    expect(server.posts).toHaveLength(1);
  });

  it('it loses the answer', async () => {
    expect(await withFault({ kind: 'accept-then-lose' })).toMatchObject({ wire: '', end: 'reset' });
    expect(lastStatus()).toBe('fault');
    expect((await talk(server, add)).body).toContain(GOOD_BOX);
    expect(server.duplicates).toMatchObject([{ duplicateOf: 0 }]);
    expect(server.posts).toHaveLength(1);
  });

  it('it says something for information first', async () => {
    const { wire } = await withFault({ kind: 'informational' });
    expect(wire).toMatch(/^HTTP\/1\.1 103 /);
    expect(wire).toContain('\r\n\r\nHTTP/1.1 200 OK\r\n');
    expect(wire).toContain(GOOD_BOX);
    expect(server.posts).toHaveLength(1);
  });

  it('it answers in chunks or compressed', async () => {
    server.faults.next({ kind: 'chunked' });
    server.faults.next({ kind: 'compressed' });
    const url = `${server.url}/gs-group-messages-add-email.html`;
    const { type, body } = multipart(goodForms.add);
    const post = () => request(url, { method: 'POST', body, headers: { 'content-type': type } });
    const chunked = await post();
    expect([chunked.headers['transfer-encoding'], chunked.headers['content-length']]).toEqual(['chunked', undefined]);
    expect(await chunked.body.text()).toContain(GOOD_BOX);
    const compressed = await post();
    expect(compressed.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(Buffer.from(await compressed.body.arrayBuffer())).toString()).toContain(GOOD_BOX);
    expect(server.posts).toHaveLength(1);
  });

  it('it takes its time, and does the work even when the client has gone', async () => {
    expect(await withFault({ kind: 'delay', milliseconds: 300 }, 50)).toMatchObject({ wire: '', end: 'silence' });
    expect(server.posts).toEqual([]);
    await expect.poll(() => server.posts.length, PATIENTLY).toBe(1);
    expect(lastStatus()).toBe('fault');
    expect(server.posts).toHaveLength(1);
  });

  it.each(['first', 'last'] as const)('it has the page with the status box %s in a huge one', async (box) => {
    const { body, headers } = await withFault({ kind: 'huge', bytes: 1_000_000, box });
    expect(body.indexOf(GOOD_BOX) < 1_000_000).toBe(box === 'first');
    expect(body).toContain(GOOD_BOX);
    expect(body.length).toBe(Number(headers.get('content-length')));
    expect(server.posts).toHaveLength(1);
  });
});

describe('the script of faults', () => {
  const status = (code: number): Fault => ({ kind: 'status', status: code });

  it('uses up what was said for next requests, per page, then what is always so', async () => {
    server.faults.next(status(501), { page: 'relay' });
    server.faults.next(status(502), { times: 2 });
    server.faults.always(status(503));
    server.faults.always(status(504), { page: 'bounce' });
    const answers: number[] = [];
    for (const page of ['add', 'relay', 'bounce', 'bounce', 'look-up'] as const) {
      answers.push((await submit(server, page)).status);
    }
    expect(answers).toEqual([502, 501, 502, 504, 503]);
    server.faults.clear();
    expect((await submit(server, 'add')).status).toBe(200);
  });

  it('leaves the web page and the control alone', async () => {
    server.faults.always({ kind: 'reset', when: 'after-head' });
    expect((await get(server.url, '/')).status).toBe(200);
    expect((await get(server.url, '/_control')).status).toBe(200);
    expect((await submit(server, 'add')).end).toBe('reset');
  });
});

describe('offline', () => {
  it('it refuses connections, drops the old ones, and comes back on the same port', async () => {
    const pool = new Pool(server.url);
    const ask = async () => {
      const answer = await pool.request({ path: '/gs-profile-email-relay.html', method: 'GET' });
      await answer.body.dump();
      return answer.statusCode;
    };
    expect(await ask()).toBe(200);
    server.faults.next({ kind: 'hang', when: 'after-body' });
    const hanging = talk(server, add);
    await expect.poll(() => server.requests.length, PATIENTLY).toBe(2);
    await server.offline();
    expect([server.isOnline, (await hanging).wire]).toEqual([false, '']);
    await expect(ask()).rejects.toThrow(/ECONNREFUSED|closed/);
    const { port } = server;
    await server.online();
    expect([server.isOnline, server.port]).toEqual([true, port]);
    server.faults.next({ kind: 'delay', milliseconds: 10 });
    expect(await ask()).toBe(200);
    await pool.close();
  });

  it('does not finish what was delayed', async () => {
    server.faults.next({ kind: 'delay', milliseconds: 100 });
    const waiting = talk(server, add);
    await expect.poll(() => server.requests[0]?.fields['groupId'], PATIENTLY).toBe('example_group');
    await server.offline();
    await waiting;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(server.posts).toEqual([]);
  });

  it('leaves nothing open after the stop', async () => {
    server.faults.always({ kind: 'hang', when: 'mid-answer' });
    const hanging = talk(server, add);
    await expect.poll(() => server.posts.length, PATIENTLY).toBe(1);
    await server.stop();
    expect((await hanging).end).not.toBe('silence');
    expect((await talk(server, add)).end).toBe('reset');
    expect((await get(server.sideUrl, '/')).end).toBe('reset');
  });
});

describe('the control', () => {
  const command = async (value: unknown, headers: Record<string, string> = {}) => {
    const answer = await request(`${server.sideUrl}/_control`, {
      method: 'POST',
      body: JSON.stringify(value),
      headers: { 'content-type': 'application/json', ...headers },
    });
    return { status: answer.statusCode, text: await answer.body.text() };
  };

  it('scripts faults, changes the token and forgets, from another process', async () => {
    const fault = { kind: 'status', status: 503 };
    expect((await command({ do: 'next', fault, page: 'add', times: 2 })).status).toBe(200);
    await command({ do: 'always', fault: { kind: 'redirect', status: 302, location: '/' }, page: 'relay' });
    expect((await submit(server, 'add')).status).toBe(503);
    expect((await submit(server, 'relay')).status).toBe(302);
    await command({ do: 'clear-faults' });
    await command({ do: 'token', token: 'another' });
    await submit(server, 'add');
    const state: unknown = JSON.parse((await get(server.sideUrl, '/_control')).body);
    expect(state).toMatchObject({
      isOnline: true,
      posts: [],
      requests: [{ answeredStatus: 503 }, { answeredStatus: 302 }, { refused: ['Token'], message: { size: 48 } }],
    });
    await command({ do: 'clear' });
    expect(server.requests).toEqual([]);
  });

  it('takes the server offline and back online', async () => {
    await command({ do: 'offline' });
    await expect.poll(() => server.isOnline, PATIENTLY).toBe(false);
    expect((await talk(server, add)).end).toBe('reset');
    await command({ do: 'online' });
    expect((await talk(server, add)).status).toBe(200);
  });

  it.each<[string, unknown]>([
    ['no object', 1],
    ['an unknown word', { do: 'explode' }],
    ['no fault', { do: 'next' }],
    ['an unknown kind', { do: 'next', fault: { kind: 'explode' } }],
    ['a name of every object', { do: 'next', fault: { kind: 'constructor' } }],
    ['a missing property', { do: 'next', fault: { kind: 'status' } }],
    ['a property too many', { do: 'next', fault: { kind: 'empty', status: 200 } }],
    ['a wrong property', { do: 'always', fault: { kind: 'reset', when: 'never' } }],
    ['an unknown page', { do: 'next', fault: { kind: 'empty' }, page: 'front' }],
    ['times that are no number', { do: 'next', fault: { kind: 'empty' }, times: 'x' }],
    ['a token that is no text', { do: 'token', token: 1 }],
  ])('refuses a command with %s', async (_what, value) => {
    expect((await command(value)).status).toBe(400);
    expect((await talk(server, add)).body).toContain(GOOD_BOX);
  });

  it('takes nothing that a page in a browser could send unasked', async () => {
    expect((await command({ do: 'clear' }, { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await command({ do: 'clear' }, { host: 'rebound.example.com' })).status).toBe(403);
  });

  it.each<Fault>([
    { kind: 'status', status: 500, headers: { a: 'b' }, body: 'c' },
    { kind: 'refused-form', labels: ['Token'] },
    { kind: 'reset', when: 'at-once' },
    { kind: 'hang', when: 'mid-answer' },
    { kind: 'drip', bytesPerSecond: 10 },
    { kind: 'truncate', chunked: true },
    { kind: 'wrong-length' },
    { kind: 'garbage' },
    { kind: 'empty' },
    { kind: 'close' },
    { kind: 'body', body: '' },
    { kind: 'redirect', status: 307 },
    { kind: 'huge', bytes: 'endless' },
    { kind: 'informational' },
    { kind: 'delay', milliseconds: 1 },
    { kind: 'accept-then-lose' },
    { kind: 'early-answer', status: 413 },
    { kind: 'chunked' },
    { kind: 'compressed' },
  ])('knows the fault $kind', async (fault) => {
    expect((await command({ do: 'next', fault })).status).toBe(200);
  });
});

describe('over TLS', () => {
  let folder: string;
  let tls: { key: string; cert: string };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'group-server-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    execFileSync('openssl', [...made, '-subj', '/CN=localhost', '-keyout', key, '-out', cert], { stdio: 'pipe' });
    tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeEach(async () => {
    await server.stop();
    server = await startGroupServer({ tls });
  });

  it('it serves https', async () => {
    expect(server.url).toMatch(/^https:/);
    expect((await submit(server, 'add')).body).toContain(GOOD_BOX);
    expect(server.posts).toHaveLength(1);
  });

  it.each(['after-head', 'after-body', 'mid-answer'] as const)('it resets the connection %s', async (when) => {
    expect((await withFault({ kind: 'reset', when })).end).toBe('reset');
    expect(server.requests).toHaveLength(1);
  });

  it('it resets a connection before the session stands, and ends one half-way with a goodbye', async () => {
    server.faults.next({ kind: 'reset', when: 'at-once' });
    expect((await talk(server, add)).end).toBe('reset');
    expect(server.requests).toEqual([]);
    expect((await withFault({ kind: 'truncate' })).end).toBe('goodbye');
  });

  it('it goes away with its connections and comes back', async () => {
    server.faults.next({ kind: 'hang', when: 'after-head' });
    const hanging = talk(server, add);
    await expect.poll(() => server.requests.length, PATIENTLY).toBe(1);
    await server.offline();
    expect((await hanging).end).not.toBe('silence');
    await server.online();
    expect((await submit(server, 'add')).status).toBe(200);
  });
});
