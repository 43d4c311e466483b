/** Redirects: which are followed, how often, and that the token goes nowhere else. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeliveryFailure } from '../../functions/core/delivery-status.ts';
import { followRedirects } from '../../functions/core/follow-redirects.ts';
import { type GivenAnswer, siteOf } from './in-memory-answer.ts';

const start = 'http://ada:secret@groups.example.com:8080/page.html?a';
const body = Buffer.from('token=theValueOfTheToken');
const signal = new AbortController().signal;
const ok: GivenAnswer = { status: 200 };
const redirect = (location?: string, status = 302): GivenAnswer => ({
  status,
  headers: location === undefined ? {} : { location },
});

async function follow(url: string, answers: readonly GivenAnswer[]) {
  const site = siteOf(answers);
  const request = { url: new URL(url), headers: { 'x-y': 'z' }, length: body.length, body: () => [body] };
  const outcome = await followRedirects(site.post, request, signal).then(
    (final) => ({ final, failure: undefined }),
    (failure: unknown) => ({ final: undefined, failure }),
  );
  return { ...site, ...outcome };
}

const status = fc.constantFrom(301, 302, 303, 307, 308, 300, 304, 305, 200, 500);
const scheme = fc.constantFrom('', 'http:', 'https:', 'HTTPS:', 'ftp:', 'file:', 'data:');
const host = fc.constantFrom(
  '//groups.example.com:8080',
  '//groups.example.com',
  '//GROUPS.example.com:8443',
  '//evil.example.com',
  '//groups.example.com.',
  '//groups.example.com@evil.example.com',
  '//ada:secret@groups.example.com:8080',
  '//eve:x@groups.example.com:8080',
  '//groups.example.com:8080.evil.example.com',
  '///',
  '//',
  '',
);
const path = fc.constantFrom('', '/', '/x', 'x', '?q', '#hash', '/x?q#hash', '\\\\evil.example.com', '[', '%');
const location = fc.option(
  fc.tuple(scheme, host, path).map((parts) => parts.join('')),
  { nil: undefined },
);
const chain = fc.array(
  fc.tuple(location, status).map(([to, code]) => redirect(to, code)),
  { maxLength: 4 },
);

describe('any chain of redirects', () => {
  it('takes the request to the same place only, or up to https, three times at most', async () => {
    const begin = fc.constantFrom(start, 'https://groups.example.com/', 'http://groups.example.com');
    await fc.assert(
      fc.asyncProperty(begin, chain, async (url, answers) => {
        const { sent, answers: given, final, failure } = await follow(url, [...answers, ok]);
        const [first] = sent;
        expect(first?.url.href).toBe(new URL(url).href);
        expect(sent.length).toBeLessThanOrEqual(3);
        for (const [index, request] of sent.entries()) {
          const before = sent[index - 1]?.url ?? request.url;
          expect(request.url.hostname).toBe('groups.example.com');
          const upgrade = before.protocol === 'http:' && request.url.protocol === 'https:';
          expect(upgrade || request.url.origin === before.origin).toBe(true);
          expect([request.url.username, request.url.password]).toEqual([first?.url.username, first?.url.password]);
          expect(request.url.hash).toBe('');
          expect(request).toMatchObject({ headers: { 'x-y': 'z' }, length: body.length, body, signal });
        }
        const last = given.at(-1);
        const isRedirect = [301, 302, 303, 307, 308].includes(last?.status ?? 0);
        // The last answer is the result, or a redirect that may not be followed; those before it have been let go.
        expect(given.map(({ isClosed }) => isClosed)).toEqual(given.map((each) => each !== last || isRedirect));
        expect(final?.answer).toBe(isRedirect ? undefined : last);
        expect(final?.url.href).toBe(isRedirect ? undefined : sent.at(-1)?.url.href);
        expect(failure instanceof DeliveryFailure && failure.kind).toBe(isRedirect && 'server-unreachable');
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a redirect', () => {
  const base = 'http://groups.example.com:8080/a/page.html';

  it.each([
    ['/x', 'http://groups.example.com:8080/x'],
    ['x', 'http://groups.example.com:8080/a/x'],
    ['', base],
    ['?again', `${base}?again`],
    ['//groups.example.com:8080/x', 'http://groups.example.com:8080/x'],
    ['http://GROUPS.EXAMPLE.COM:8080/x', 'http://groups.example.com:8080/x'],
    ['https://groups.example.com/x', 'https://groups.example.com/x'],
    ['https://groups.example.com:8080/x', 'https://groups.example.com:8080/x'],
    ['https://groups.example.com:9/x#hash', 'https://groups.example.com:9/x'],
  ])('to %j is followed', async (to, url) => {
    for (const code of [301, 302, 307, 308]) {
      const { sent, final } = await follow(base, [redirect(to, code), ok]);
      expect(sent.map((request) => request.url.href)).toEqual([base, url]);
      expect(final?.url.href).toBe(url);
    }
  });

  it.each([
    [
      'http://evil.example.com:8080/',
      'redirect from groups.example.com:8080/a/page.html (HTTP 302) to http://evil.example.com:8080 not followed',
    ],
    ['https://evil.example.com/', 'to https://evil.example.com not followed'],
    ['http://groups.example.com/', 'to http://groups.example.com not followed'],
    ['http://groups.example.com:8081/', 'not followed'],
    ['ftp://groups.example.com:8080/', 'not followed'],
    ['http://sub.groups.example.com:8080/', 'not followed'],
    ['http://[', 'has no usable Location'],
    [undefined, 'has no usable Location'],
  ])('to %j is not followed', async (to, words) => {
    const { sent, failure } = await follow(base, [redirect(to), ok]);
    expect(sent).toHaveLength(1);
    expect(failure).toBeInstanceOf(DeliveryFailure);
    expect(failure).toMatchObject({ kind: 'server-unreachable', facts: { httpStatus: 302 } });
    expect(String(failure)).toContain(words);
    expect(String(failure)).toContain('mend the URL on the command line');
  });

  it('from https to http is not followed', async () => {
    const { sent, failure } = await follow('https://groups.example.com/', [redirect('http://groups.example.com/'), ok]);
    expect(sent).toHaveLength(1);
    expect(failure).toMatchObject({ kind: 'server-unreachable' });
  });

  it('with 303 is not followed, wherever it leads', async () => {
    const { sent, failure } = await follow(base, [redirect('/x', 303), ok]);
    expect(sent).toHaveLength(1);
    expect(String(failure)).toContain('(HTTP 303) cannot carry a POST');
  });

  it('is followed twice and not a third time', async () => {
    const two = await follow(base, [redirect('/1'), redirect('/2'), ok]);
    expect(two.sent.map(({ url }) => url.pathname)).toEqual(['/a/page.html', '/1', '/2']);
    expect(two.final?.answer.status).toBe(200);
    const three = await follow(base, [redirect('/1'), redirect('/2'), redirect('/3'), ok]);
    expect(three.sent).toHaveLength(3);
    expect(String(three.failure)).toContain(
      'redirect from groups.example.com:8080/2 (HTTP 302) is one too many, 2 are followed',
    );
  });

  it('quotes neither the credentials nor the query of a URL', async () => {
    const answers = [
      redirect('//eve:secret@evil.example.com/?secret'),
      redirect(),
      redirect('/x?secret', 303),
    ] as const;
    for (const answer of answers) {
      const { failure } = await follow('http://ada:secret@groups.example.com/?secret', [answer]);
      expect(failure).toBeInstanceOf(DeliveryFailure);
      expect(String(failure)).not.toContain('secret');
    }
  });

  it('leaves a failure of the transport as it is', async () => {
    const failure = new DeliveryFailure('connection-lost', 'gone');
    const request = { url: new URL(base), headers: {}, length: 0, body: () => [] };
    await expect(followRedirects(() => Promise.reject(failure), request, signal)).rejects.toBe(failure);
  });
});
