/** The four requests to a site: paths, fields, headers, where they go, and what their answers mean for them. */
import { describe, expect, it } from 'vitest';
import { DeliveryFailure } from '../../functions/core/delivery-status.ts';
import { groupServer, pages, type TimeSource } from '../../functions/core/groupserver.ts';
import { messageOf } from '../../functions/core/message.ts';
import { token } from '../scenarios.ts';
import { type GivenAnswer, type Sent, siteOf } from './in-memory-answer.ts';
import { readFormBody } from './read-form-body.ts';

const { signal } = new AbortController();
const mail = messageOf(Buffer.from('To: p-4f@groups.example.com\r\n\r\n\0\xff'));
const mailAsSent = 'VG86IHAtNGZAZ3JvdXBzLmV4YW1wbGUuY29tDQoNCgDDvw==';
const found: GivenAnswer = { status: 200, pieces: [Buffer.from('{"groupId": "example_group"}')] };
const accepted: GivenAnswer = { status: 200, pieces: [Buffer.from('<p id="form-message">')] };
const redirect = (location: string): GivenAnswer => ({ status: 302, headers: { location } });
const bounce = { groupAddress: 'example_group@groups.example.com', userAddress: 'ada@example.com' };

function serverOf(
  answers: readonly GivenAnswer[],
  url = 'http://groups.example.com/',
  timeSource: TimeSource = 'server',
) {
  const site = siteOf(answers);
  return { ...site, server: groupServer({ site: new URL(url), token, timeSource, post: site.post }) };
}

async function fieldsOf({ body, headers, length }: Sent) {
  expect(body.length).toBe(length);
  const { fields, files } = await readFormBody([body], headers['content-type'] ?? '');
  expect(files).toEqual([]);
  return fields;
}

const failureOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => undefined,
    (error: unknown) => error,
  );

/** Each request with its page, its own answer for a success and its fields. */
const requests = [
  {
    page: 'look-up',
    path: '/gs-group-messages-add-group-exists.html',
    ask: ({ server }: ReturnType<typeof serverOf>) => server.findGroup('a+b=c@groups.example.com', signal),
    good: found,
    hasKey: false,
    fields: [
      ['form.email', 'a+b=c@groups.example.com'],
      ['form.actions.check', 'Check'],
    ],
  },
  {
    page: 'add',
    path: '/gs-group-messages-add-email.html',
    ask: ({ server }: ReturnType<typeof serverOf>) => server.addPost({ id: 'example_group' }, mail, 'theKey', signal),
    good: accepted,
    hasKey: true,
    fields: [
      ['form.emailMessage', mailAsSent],
      ['form.groupId', 'example_group'],
      ['form.timeSource', 'server'],
      ['form.actions.add', 'Add'],
    ],
  },
  {
    page: 'relay',
    path: '/gs-profile-email-relay.html',
    ask: ({ server }: ReturnType<typeof serverOf>) => server.relay(mail, 'theKey', signal),
    good: accepted,
    hasKey: true,
    fields: [
      ['form.emailMessage', mailAsSent],
      ['form.actions.relay', 'Relay'],
    ],
  },
  {
    page: 'bounce',
    path: '/gs-group-member-bounce.html',
    ask: ({ server }: ReturnType<typeof serverOf>) => server.recordBounce(bounce, 'theKey', signal),
    good: accepted,
    hasKey: true,
    fields: [
      ['form.userEmail', 'ada@example.com'],
      ['form.groupEmail', 'example_group@groups.example.com'],
      ['form.actions.handle', 'Handle'],
    ],
  },
] as const;

describe.each(requests)('the request to $page', ({ page, path, ask, good, hasKey, fields }) => {
  it('goes to its page at the root of the site, with its fields, the token and its headers', async () => {
    const site = serverOf([good], 'https://groups.example.com:8443/some/path?x#y');
    await ask(site);
    expect(site.sent).toHaveLength(1);
    for (const sent of site.sent) {
      expect(sent.url.href).toBe(`https://groups.example.com:8443${path}`);
      expect(pages[page]).toBe(path);
      expect(await fieldsOf(sent)).toEqual([...fields, ['form.token', token]]);
      const { 'content-type': type, ...headers } = sent.headers;
      expect(type).toMatch(/^multipart\/form-data; boundary=/);
      expect(headers).toStrictEqual(hasKey ? { 'idempotency-key': 'theKey' } : {});
      expect(sent.signal).toBe(signal);
    }
  });

  it('carries user and password of the URL as Basic authentication', async () => {
    const header = async (credentials: string) => {
      const site = serverOf([good], `http://${credentials}@groups.example.com/`);
      await ask(site);
      const [, base64 = ''] = /^Basic (.+)$/.exec(site.sent[0]?.headers['authorization'] ?? '') ?? [];
      return Buffer.from(base64, 'base64').toString();
    };
    expect(await header('ada:secret')).toBe('ada:secret');
    expect(await header('ada')).toBe('ada:');
    expect(await header(':secret')).toBe(':secret');
    expect(await header('ada%40example.com:%C3%A4%3A%25')).toBe('ada@example.com:ä:%');
  });

  it('needs a positive sign', async () => {
    const nothing = { status: 200, pieces: [Buffer.from('Done')] };
    const failure = await failureOf(ask(serverOf([nothing])));
    expect(failure).toBeInstanceOf(DeliveryFailure);
    expect(failure).toMatchObject({ kind: 'answer-not-understood' });
  });

  it('is not final with HTTP 400 when nothing was looked up', async () => {
    expect(await failureOf(ask(serverOf([{ status: 400 }])))).toMatchObject({ kind: 'answer-not-understood' });
  });

  it('follows a redirect of the site', async () => {
    const site = serverOf([redirect('https://groups.example.com/x'), good]);
    await ask(site);
    expect(site.sent.map(({ url }) => url.href)).toEqual([
      `http://groups.example.com${path}`,
      'https://groups.example.com/x',
    ]);
    expect(await Promise.all(site.sent.map(fieldsOf))).toEqual([1, 2].map(() => [...fields, ['form.token', token]]));
  });

  it('lets every answer go, good or bad', async () => {
    for (const answers of [[good], [{ status: 500 }], [redirect('/x'), good], [redirect('http://evil.example.com/')]]) {
      const site = serverOf(answers);
      await failureOf(ask(site));
      expect(site.answers.map(({ isClosed }) => isClosed)).toEqual(answers.map(() => true));
    }
  });

  it('quotes no token in what it throws', async () => {
    const echo = { status: 200, pieces: [Buffer.from(`<p id="form-message" class="alert-error">${token}`)] };
    for (const answer of [echo, { status: 500 }, redirect('/x')]) {
      expect(String(await failureOf(ask(serverOf([answer]))))).not.toContain(token);
    }
  });
});

describe('a look-up', () => {
  it('gives the group and where it was found', async () => {
    const { server } = serverOf([redirect('https://groups.example.com/x'), found]);
    const group = await server.findGroup('a@h', signal);
    expect(group.id).toBe('example_group');
    expect(group.lookedUpAt?.href).toBe('https://groups.example.com/x');
  });

  it('of an unknown address is a failure that names it', async () => {
    const { server } = serverOf([{ status: 200, pieces: [Buffer.from('{"groupId": null}')] }]);
    const failure = await failureOf(server.findGroup('nobody@groups.example.com', signal));
    expect(failure).toMatchObject({
      kind: 'no-group',
      message: 'nobody@groups.example.com',
      facts: { httpStatus: 200 },
    });
  });
});

describe('a post', () => {
  it('may be dated by the message', async () => {
    const site = serverOf([accepted], 'http://h/', 'message');
    await site.server.addPost({ id: 'g' }, mail, 'theKey', signal);
    const fields = await Promise.all(site.sent.map(fieldsOf));
    expect(fields[0]).toContainEqual(['form.timeSource', 'message']);
  });

  it('goes where the group was found, when the site has moved', async () => {
    const site = serverOf([accepted]);
    await site.server.addPost(
      { id: 'g', lookedUpAt: new URL('https://groups.example.com/x?y') },
      mail,
      'theKey',
      signal,
    );
    expect(site.sent[0]?.url.href).toBe('https://groups.example.com/gs-group-messages-add-email.html');
  });

  it('is refused for good with HTTP 400 by the server that has just found the group', async () => {
    const { server } = serverOf([{ status: 400 }]);
    const lookedUpAt = new URL('http://groups.example.com/x');
    expect(await failureOf(server.addPost({ id: 'g', lookedUpAt }, mail, 'k', signal))).toMatchObject({
      kind: 'answer-final',
    });
  });

  it('is not refused for good with HTTP 400 by another one', async () => {
    const { server } = serverOf([redirect('https://groups.example.com/'), { status: 400 }]);
    const lookedUpAt = new URL('http://groups.example.com/x');
    const failure = await failureOf(server.addPost({ id: 'g', lookedUpAt }, mail, 'k', signal));
    expect(failure).toMatchObject({ kind: 'answer-not-understood' });
  });
});
