/** The reference GroupServer's four pages: what they accept, refuse and answer, in each generation of the server. */
import { afterEach, describe, expect, it } from 'vitest';
import {
  type GroupServer,
  type GroupServerOptions,
  type Page,
  startGroupServer,
} from '../../infra/local/group-server/group-server.ts';
import {
  base64,
  get,
  goodForms,
  multipart,
  requestTo,
  submit,
  TOKEN,
  talk,
  urlencoded,
} from './group-server-client.ts';

const started: GroupServer[] = [];
const start = async (options?: GroupServerOptions) => {
  const server = await startGroupServer(options);
  started.push(server);
  return server;
};
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

const generations = [2010, 2013, 2014] as const;
const htmlPages: Page[] = ['add', 'relay', 'bounce'];
const allPages: Page[] = ['look-up', ...htmlPages];

/** The start tag of the status box of each generation, by its id, whatever the order of its attributes. */
const boxIn = (html: string, generation: (typeof generations)[number]) => {
  const id = { 2010: 'form-message', 2013: 'gs-content-form-message', 2014: 'gs-content-form-base-message' }[
    generation
  ];
  return /<div[^>]*>/g.exec(html.slice(html.search(new RegExp(`<div[^>]* id="${id}"`))))?.[0] ?? '';
};
const goodClass = { 2010: 'ui-state-highlight', 2013: 'alert-info', 2014: 'alert-info' };
const badClass = { 2010: 'ui-state-error', 2013: 'alert-error', 2014: 'alert-error' };

describe.each(generations)('the pages of %i', (generation) => {
  it.each(htmlPages)('answer an accepted %s form with the status box and without its error class', async (page) => {
    const server = await start({ generation });
    const { status, body, headers } = await submit(server, page);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^text\/html/);
    expect(boxIn(body, generation)).toContain(goodClass[generation]);
    expect(boxIn(body, generation)).not.toContain(badClass[generation]);
    expect(body).toContain('<p>Done</p>');
    expect(server.requests).toMatchObject([{ answeredStatus: 200, tokenOk: true, refused: [], method: 'POST' }]);
  });

  it.each(allPages)('answer a refused %s form with 200, the error box and the labels', async (page) => {
    const server = await start({ generation });
    const { status, body, headers } = await submit(server, page, { ...goodForms[page], token: 'wrong<b>' });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^text\/html/);
    expect(boxIn(body, generation)).toContain(badClass[generation]);
    expect(boxIn(body, generation)).not.toContain(goodClass[generation]);
    expect(body).toContain('<dt>Token</dt><dd class="error">The token &quot;wrong&lt;b&gt;&quot; does not match');
    expect(server.requests).toMatchObject([{ answeredStatus: 200, tokenOk: false, refused: ['Token'] }]);
    expect([server.posts, server.relayed, server.bounces]).toEqual([[], [], []]);
  });

  it.each(allPages)('show the %s form without a status box when nothing was submitted', async (page) => {
    const server = await start({ generation });
    const { [page]: form } = goodForms;
    const withoutButton = Object.fromEntries(Object.entries(form).filter(([name]) => !name.startsWith('actions.')));
    for (const answer of [await get(server.url, pathOf(page)), await submit(server, page, withoutButton)]) {
      expect(answer.status).toBe(200);
      expect(answer.body).toContain('<form action=');
      expect(boxIn(answer.body, generation)).toBe('');
    }
    expect([server.posts, server.relayed, server.bounces]).toEqual([[], [], []]);
  });

  it('answer the look-up in JSON, with nulls for an unknown group', async () => {
    const server = await start({ generation, domains: ['groups.example.com', 'lists.example.org'] });
    const ask = async (email: string) => {
      const { body, headers } = await submit(server, 'look-up', { ...goodForms['look-up'], email });
      expect(headers.get('content-type')).toMatch(generation < 2014 ? /^text\/plain/ : /^application\/json/);
      const answer: unknown = JSON.parse(body);
      return answer;
    };
    const group = { siteId: 'example', groupId: 'second_group' };
    const email = 'Second_Group@LISTS.example.org';
    expect(await ask(email)).toEqual({ email, ...group, siteURL: 'https://lists.example.org' });
    const nobody = { siteId: null, groupId: null, siteURL: null };
    for (const unknown of ['nobody@groups.example.com', 'example_group@example.com', 'example_group']) {
      expect(await ask(unknown)).toEqual({ email: unknown, ...nobody });
    }
  });
});

function pathOf(page: Page): string {
  return (
    requestTo(page, { type: '', body: Buffer.alloc(0) })
      .toString()
      .split(' ')[1] ?? ''
  );
}

describe('a form', () => {
  it.each<[Page, string, string, string]>([
    ['look-up', 'email', 'gröup@groups.example.com', 'Email address'],
    ['look-up', 'email', 'a@example.com\r\nb@example.com', 'Email address'],
    ['add', 'groupId', 'gröup', 'Group identifier'],
    ['add', 'groupId', 'no_such_group', 'Group identifier'],
    ['add', 'timeSource', 'sërver', 'Time source'],
    ['add', 'timeSource', 'clock', 'Time source'],
    ['add', 'emailMessage', '', 'Email message'],
    ['bounce', 'userEmail', 'müller@example.net', 'User email address'],
    ['bounce', 'groupEmail', '', 'Group email address'],
  ])('of %s with the %s %j is refused', async (page, field, value, label) => {
    const server = await start();
    const { status } = await submit(server, page, { ...goodForms[page], [field]: value });
    expect(status).toBe(200);
    expect(server.requests[0]?.refused).toEqual([label]);
    expect([server.posts, server.bounces]).toEqual([[], []]);
  });

  it('is refused for every field that is missing, but for the time source', async () => {
    const server = await start();
    await submit(server, 'add', { 'actions.add': 'Add' });
    expect(server.requests[0]?.refused).toEqual(['Email message', 'Group identifier', 'Token']);
  });

  it('is refused for a field that came twice', async () => {
    const server = await start();
    await talk(server, requestTo('add', multipart({ ...goodForms.add, groupId: ['example_group', 'second_group'] })));
    expect(server.requests[0]?.refused).toEqual(['Group identifier']);
  });

  it.each(['emailMessage', 'token', 'groupId'])('is refused when %s is a file, even without a name', async (field) => {
    const server = await start();
    const { body } = await talk(server, requestTo('add', multipart(goodForms.add, field)));
    expect(body).toContain('<dd class="error">A file is not accepted here.</dd>');
    expect(server.requests[0]?.refused).toHaveLength(1);
    expect(server.posts).toEqual([]);
  });

  it('that is refused shows again what was submitted, as text', async () => {
    const server = await start();
    const box = '"><div id="gs-content-form-base-message" class="alert alert-info">';
    const { body } = await submit(server, 'add', { ...goodForms.add, groupId: box });
    expect(body).toContain('name="form.groupId" type="text" value="&quot;&gt;&lt;div id=&quot;gs-content-form');
    expect(body).toContain(`>${goodForms.add['emailMessage']}</textarea>`);
    expect(body).not.toContain(box);
  });

  it('of a server before 2014 may have any time source, which it does not know', async () => {
    const server = await start({ generation: 2013 });
    await submit(server, 'add', { ...goodForms.add, timeSource: 'clöck' });
    expect(server.posts).toMatchObject([{ timeSource: 'clöck' }]);
  });

  it('finds its page whatever the query', async () => {
    const server = await start();
    expect((await get(server.url, `${pathOf('add')}?a=b`)).status).toBe(200);
    expect(server.requests[0]?.path).toBe(`${pathOf('add')}?a=b`);
  });

  it('does not count fields without the prefix', async () => {
    const server = await start();
    const { type, body } = urlencoded({});
    await talk(server, requestTo('add', { type, body: Buffer.concat([body, Buffer.from('groupId=example_group')]) }));
    expect(server.requests[0]?.fields).toEqual({});
  });

  it('may be urlencoded', async () => {
    const server = await start();
    const message = Buffer.from([0, 255, 13, 10, 13, 10, 10, 128, ...Buffer.from('+ /=&%')]);
    await talk(server, requestTo('add', urlencoded({ ...goodForms.add, emailMessage: message.toString('base64') })));
    expect(await server.posts[0]?.message.bytes()).toEqual(message);
  });

  it('may be urlencoded and big, or raw 8-bit text', async () => {
    const server = await start();
    const message = Buffer.alloc(1_500_000, 'Subject: big\n\n');
    await talk(server, requestTo('add', urlencoded({ ...goodForms.add, emailMessage: base64(message) })));
    const { type, body } = urlencoded({ ...goodForms.add, emailMessage: 'MARK' });
    const raw = body.toString().replace('MARK', 'A: b%0A%0Ar%E4w');
    await talk(server, requestTo('add', { type, body: Buffer.from(raw) }));
    expect(server.posts.map((post) => post.message.size)).toEqual([1_500_000, 9]);
    expect(server.posts[1]?.message.head).toEqual(Buffer.from('A: b\n\nr\xe4w', 'latin1'));
  });

  it('of no form type is a form that was not processed', async () => {
    const server = await start();
    const { status, body } = await talk(server, requestTo('add', { type: 'text/plain', body: Buffer.from('hello') }));
    expect(status).toBe(200);
    expect(boxIn(body, 2014)).toBe('');
  });

  it('needs a Content-Length', async () => {
    const server = await start();
    const head = `POST ${pathOf('add')} HTTP/1.1\r\nHost: a\r\nContent-Type: ${multipart({}).type}\r\nConnection: close\r\n`;
    const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`;
    expect((await talk(server, chunked)).status).toBe(411);
    expect((await talk(server, `${head}\r\n`)).status).toBe(411);
    expect(server.requests.map(({ answeredStatus }) => answeredStatus)).toEqual([411, 411]);
  });

  it('that has no end is a bad request', async () => {
    const server = await start();
    const { type, body } = multipart(goodForms.add);
    const { status } = await talk(server, requestTo('add', { type, body: body.subarray(0, -60) }));
    expect(status).toBe(400);
    expect(server.posts).toEqual([]);
  });

  it('that is cut off is recorded without an answer and posts nothing', async () => {
    const server = await start();
    const bytes = requestTo('add', multipart(goodForms.add));
    await talk(server, bytes.subarray(0, -20), 50);
    // The server has seen the end of the first request by the time it answers the second.
    expect((await get(server.url, pathOf('add'))).status).toBe(200);
    expect(server.requests[0]).toMatchObject({ answeredStatus: 'fault' });
    expect(server.posts).toEqual([]);
  });

  it('to another path finds nothing, with another method is not allowed', async () => {
    const server = await start();
    expect((await get(server.url, '/elsewhere.html')).status).toBe(404);
    const put = `PUT ${pathOf('add')} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
    expect((await talk(server, put)).status).toBe(405);
  });
});

describe('what is recorded', () => {
  it('has the fields without the message and the token, the headers and the path as sent', async () => {
    const server = await start();
    await talk(server, requestTo('add', multipart(goodForms.add), { 'idempotency-key': 'abc', 'x-other': 'y' }));
    const [request] = server.requests;
    expect(request?.fields).toEqual({ groupId: 'example_group', timeSource: 'server', 'actions.add': 'Add' });
    expect(request?.headers).toMatchObject({ host: 'groups.example.com', 'x-other': 'y' });
    expect(request?.path).toBe('/gs-group-messages-add-email.html');
    expect(JSON.stringify(server.requests)).not.toContain(TOKEN);
    expect(server.posts).toMatchObject([{ groupId: 'example_group', timeSource: 'server', idempotencyKey: 'abc' }]);
  });

  it('tells whom relayed mail is for and whether the bounced user was found', async () => {
    const server = await start({ members: ['Member@example.net'] });
    await submit(server, 'relay', {
      ...goodForms.relay,
      emailMessage: base64('From: a@example.com\nTO:\n p-4f@groups.example.com\nTo: other\n\nTo: body'),
    });
    await submit(server, 'bounce');
    const { body } = await submit(server, 'bounce', { ...goodForms.bounce, userEmail: 'gone@example.net' });
    expect(boxIn(body, 2014)).toContain('alert-info');
    expect(body).toContain('No user was found for the address gone@example.net.');
    expect(server.relayed.map(({ to }) => to)).toEqual(['p-4f@groups.example.com']);
    expect(server.bounces).toMatchObject([
      { userEmail: 'member@example.net', groupEmail: 'example_group@groups.example.com', userFound: true },
      { userEmail: 'gone@example.net', userFound: false },
    ]);
  });

  it('is forgotten on demand', async () => {
    const server = await start();
    await submit(server, 'add');
    server.faults.always({ kind: 'empty' });
    server.clear();
    expect([server.requests, server.posts]).toEqual([[], []]);
    await submit(server, 'add');
    expect([server.posts.length, server.duplicates.length]).toEqual([1, 0]);
  });

  it('goes by the token of the moment', async () => {
    const server = await start({ token: 'before' });
    await submit(server, 'relay');
    server.token = TOKEN;
    await submit(server, 'relay');
    expect(server.requests.map(({ tokenOk }) => tokenOk)).toEqual([false, true]);
    expect(server.relayed).toHaveLength(1);
  });
});

describe('a repeated add', () => {
  const mail = (lastHop: string, body = 'Hello') => ({
    ...goodForms.add,
    emailMessage: base64(`${lastHop}From: ada@example.com\r\nSubject: Hello\r\n\r\n${body}\r\n`),
  });

  it.each([
    ['drop', 200],
    ['error', 500],
  ] as const)('is not posted again with "%s" and answered %i', async (duplicates, status) => {
    const server = await start({ duplicates });
    await submit(server, 'add', { ...mail(''), groupId: 'second_group' });
    await submit(server, 'add', mail('X-Original-To: a@example.com\r\nDelivery-date: Mon\r\n'));
    expect((await submit(server, 'add', mail('From x Mon\r\nDelivery-date: Tue,\r\n 2\r\n'))).status).toBe(status);
    expect(server.posts).toHaveLength(2);
    expect(server.duplicates).toMatchObject([{ groupId: 'example_group', duplicateOf: 1 }]);
  });

  it('is one only for the same message to the same group', async () => {
    const server = await start();
    await submit(server, 'add', mail(''));
    await submit(server, 'add', mail('', 'Hello!'));
    await submit(server, 'add', mail('Message-ID: <1@example.com>\r\n'));
    await submit(server, 'add', mail('', 'Hello\r\n\r\nDelivery-date: Mon'));
    await submit(server, 'add', mail('', 'Hello\r\n\r\nDelivery-date: Tue'));
    await submit(server, 'add', { ...mail(''), groupId: 'second_group' });
    expect([server.posts.length, server.duplicates.length]).toEqual([6, 0]);
  });
});
