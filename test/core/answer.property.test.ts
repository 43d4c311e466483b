/** What answers mean: every HTTP status on every page, look-ups of any shape, bounds, Retry-After, and no quotation. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Page, readForm, readLookUp } from '../../functions/core/answer.ts';
import { DeliveryFailure } from '../../functions/core/delivery-status.ts';
import { pages } from '../../functions/core/groupserver.ts';
import { answerOf, type GivenAnswer, type WatchedAnswer } from './in-memory-answer.ts';
import { cuts, inEqualPieces, inPieces } from './pieces.ts';

const allPages: readonly Page[] = ['look-up', 'add', 'relay', 'bounce'];
const accepted = '<div id="form-message" class="ui-state-highlight">Done</div>';
const mebibyte = 1024 * 1024;

interface Read {
  readonly answer: WatchedAnswer;
  /** What a look-up gave; true for a form that was accepted. */
  readonly value?: string | null | true;
  readonly failure?: DeliveryFailure;
}

async function read(page: Page, given: GivenAnswer, { lookedUp = false, sent = 0 } = {}): Promise<Read> {
  const answer = answerOf(given);
  const asked = { page, sent, answer, url: new URL(`https://ada:secret@groups.example.com${pages[page]}?secret`) };
  try {
    if (page === 'look-up') return { answer, value: await readLookUp(asked) };
    await readForm(asked, lookedUp);
    return { answer, value: true };
  } catch (error) {
    if (error instanceof DeliveryFailure) return { answer, failure: error };
    throw error;
  }
}

const textAnswer = (text: string): GivenAnswer => ({ status: 200, pieces: [Buffer.from(text)] });

describe('an HTTP status', () => {
  // The rule of spec/groupserver.md section 3, written down once more.
  const kindOf = (page: Page, status: number, lookedUp: boolean) => {
    const carriesMail = page === 'add' || page === 'relay';
    if (status === 413 && carriesMail) return 'message-too-large';
    if ([410, 415, 422, 451].includes(status)) return 'answer-final';
    if (status === 400 && carriesMail && lookedUp) return 'answer-final';
    return 'answer-not-understood';
  };

  it.each(allPages)('other than 200 on the page %s is final only where the table says so', async (page) => {
    for (let status = 100; status < 600; status += 1) {
      if (status === 200) continue;
      for (const lookedUp of [false, true]) {
        const { failure, answer } = await read(page, { status, pieces: [Buffer.from(accepted)] }, { lookedUp });
        expect([status, failure?.kind]).toEqual([status, kindOf(page, status, lookedUp && page !== 'look-up')]);
        expect(failure?.facts.httpStatus).toBe(status);
        expect(failure?.message).toContain(`POST ${pages[page]} to groups.example.com: HTTP ${status}`);
        expect(answer.asked).toBe(0);
      }
    }
  });

  it.each([
    [401, 'HTTP 401, access refused'],
    [403, 'HTTP 403, access refused'],
    [404, 'HTTP 404, is this a GroupServer site?'],
    [405, 'HTTP 405, is this a GroupServer site?'],
    [500, 'HTTP 500'],
    [400, 'HTTP 400'],
  ])('%i comes with advice where there is some', async (status, words) => {
    const { failure } = await read('add', { status });
    expect(failure?.message).toBe(`POST /gs-group-messages-add-email.html to groups.example.com: ${words}`);
  });

  it('413 says no more than that', async () => {
    const { failure } = await read('relay', { status: 413 });
    expect(failure?.message).toBe('POST /gs-profile-email-relay.html to groups.example.com: HTTP 413');
  });
});

describe('a page with HTTP 200', () => {
  const refused = '<p class="alert-error" id="form-message"><dl><dt>Token</dt><dd class="error">secret</dd>';

  it.each(['add', 'relay', 'bounce'] as const)('of %s is a success with a positive sign only', async (page) => {
    expect((await read(page, textAnswer(accepted))).value).toBe(true);
    const words = async (html: string) => (await read(page, textAnswer(html))).failure;
    expect(await words(refused)).toMatchObject({
      kind: 'answer-not-understood',
      facts: { httpStatus: 200 },
      message: `POST ${pages[page]} to groups.example.com: the form was refused, see Token; is the token right?`,
    });
    expect((await words('<p class="alert-error" id="form-message">'))?.message).toMatch(
      /the form was refused; is the token right\?$/,
    );
    expect((await words('Done'))?.message).toMatch(
      /: the page has no status of the form; is a proxy in front of the site\?$/,
    );
    expect((await words(''))?.kind).toBe('answer-not-understood');
  });

  it('names all labels', async () => {
    const labels = '<dl><dt>A</dt><dd class="error">x</dd><dt>B</dt><dd class="error">x</dd>';
    const { failure } = await read('add', textAnswer(`<p class="alert-error" id="form-message">${labels}`));
    expect(failure?.message).toContain('refused, see A, B; is');
  });

  it('may be as long as a page and twice what was sent, and is given up behind that', async () => {
    const sent = 1000;
    const limit = mebibyte + 2 * sent;
    const whole = Buffer.alloc(limit, ' ');
    whole.write(accepted, limit - accepted.length);
    expect((await read('add', { status: 200, pieces: inEqualPieces(whole, 65_536) }, { sent })).value).toBe(true);
    const longer = inEqualPieces(Buffer.concat([whole, Buffer.alloc(mebibyte, ' ')]), limit + 1);
    const { failure, answer } = await read('add', { status: 200, pieces: longer }, { sent });
    expect(failure).toMatchObject({ kind: 'answer-not-understood' });
    expect(failure?.message).toMatch(/: the answer is too long$/);
    expect(answer.asked).toBe(1);
  });

  it('that ends early is a failure of the transport, and passed on', async () => {
    const failure = new DeliveryFailure('connection-lost', 'gone');
    const body = (async function* () {
      yield Buffer.from(accepted);
      throw failure;
    })();
    const answer = { status: 200, headers: {}, body, close: () => undefined };
    const asked = { page: 'add' as const, sent: 0, answer, url: new URL('http://h/') };
    await expect(readForm(asked, true)).rejects.toBe(failure);
  });
});

describe('a look-up', () => {
  const lookUp = (text: string) => read('look-up', textAnswer(text));

  it.each([
    ['{"groupId": "example_group"}', 'example_group'],
    ['{"groupId": null}', null],
    [' {"siteId": "s", "groupId": "g", "email": "\\u00e9"} \n', 'g'],
    ['{"groupId": "a", "groupId": "b"}', 'b'],
  ])('that says %s finds %j', async (text, id) => {
    expect((await lookUp(text)).value).toBe(id);
  });

  it.each([
    '[]',
    '{}',
    'null',
    '7',
    '"groupId"',
    '[{"groupId": "g"}]',
    '{"__proto__": {"groupId": "g"}}',
    '{"GroupId": "g"}',
  ])('that says %s was answered without a groupId', async (text) => {
    const { failure } = await lookUp(text);
    expect(failure?.kind).toBe('answer-not-understood');
    expect(failure?.message).toMatch(
      /exists\.html to groups\.example\.com: the look-up was answered without a groupId$/,
    );
  });

  it.each(['""', '" "', '"a b"', '"a\\n"', '"gr\\u00fcppe"', '7', 'true', '["g"]', '{}', '"\\u0000"'])(
    'that gives %s for a groupId gives none',
    async (id) => {
      const { failure } = await lookUp(`{"groupId": ${id}}`);
      expect(failure?.kind).toBe('answer-not-understood');
      expect(failure?.message).toMatch(/a groupId that is no name$/);
    },
  );

  it.each(['', '{', 'not JSON', '<html>', '{"groupId": "g"} x', accepted])('that says %j is no JSON', async (text) => {
    const { failure } = await lookUp(text);
    expect(failure?.kind).toBe('answer-not-understood');
    expect(failure?.message).toMatch(/: no JSON came; is this a GroupServer site\?$/);
  });

  it('that was refused names the labels', async () => {
    const { failure } = await lookUp(
      '<p class="alert-error" id="form-message"><dl><dt>Token</dt><dd class="error">secret</dd>',
    );
    expect(failure?.message).toMatch(/: the form was refused, see Token; is the token right\?$/);
  });

  it('means the same in whatever pieces it comes, whatever it is', async () => {
    const text = fc.oneof(
      fc.json(),
      fc.jsonValue().map((id) => JSON.stringify({ groupId: id })),
      fc.stringMatching(/^[!-~]{1,12}$/).map((id) => JSON.stringify({ é: '😀', groupId: id })),
      fc.string({ unit: 'binary' }),
    );
    await fc.assert(
      fc.asyncProperty(text, cuts, async (json, shares) => {
        const whole = await lookUp(json);
        const cut = await read('look-up', { status: 200, pieces: inPieces(Buffer.from(json), shares) });
        expect([cut.value, cut.failure?.message]).toEqual([whole.value, whole.failure?.message]);
        // What was found is what stands there.
        const found: unknown = whole.value === undefined ? { groupId: undefined } : JSON.parse(json);
        expect(found).toMatchObject({ groupId: whole.value });
      }),
      { numRuns: 500 },
    );
  });

  it('is given up behind 1 MiB, however much was sent', async () => {
    const json = (length: number) => `{"groupId": "g"}`.padEnd(length);
    const pieces = (length: number) => inEqualPieces(Buffer.from(json(length)), 65_536);
    expect((await read('look-up', { status: 200, pieces: pieces(mebibyte) })).value).toBe('g');
    const { failure, answer } = await read(
      'look-up',
      { status: 200, pieces: pieces(9 * mebibyte) },
      { sent: 5 * mebibyte },
    );
    expect(failure?.message).toMatch(/the answer is too long$/);
    expect(answer.asked).toBe(17);
  });
});

describe('no answer', () => {
  it('is ever quoted, and neither is what a URL may hold', async () => {
    const secret = 'secret';
    const html = fc.constantFrom(
      secret,
      `{"groupId": "${secret} "}`,
      `{"${secret}": 1}`,
      `<p id="form-message" class="alert-error">${secret}<dl><dt>${secret}!</dt><dd class="error">`,
    );
    const header = fc.constantFrom('retry-after', 'server', 'location', 'www-authenticate');
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...allPages),
        fc.constantFrom(200, 400, 401, 500),
        html,
        header,
        async (page, status, text, name) => {
          const { failure } = await read(page, { status, headers: { [name]: secret }, pieces: [Buffer.from(text)] });
          expect(failure).toBeInstanceOf(DeliveryFailure);
          expect(`${failure?.message}${JSON.stringify(failure?.facts)}`).not.toContain(secret);
        },
      ),
    );
  });
});

describe('Retry-After', () => {
  const retryAfter = async (value?: string, date?: string) => {
    const headers = {
      ...(value === undefined ? {} : { 'retry-after': value }),
      ...(date === undefined ? {} : { date }),
    };
    return (await read('add', { status: 503, headers })).failure?.facts.retryAfter;
  };
  const now = 'Sun, 22 Nov 2026 08:00:00 GMT';

  it.each([
    ['7', undefined, 7],
    ['0', undefined, 0],
    ['86400', undefined, 86_400],
    ['86401', undefined, 86_400],
    ['999999999', undefined, 86_400],
    ['Sun, 22 Nov 2026 08:01:00 GMT', now, 60],
    ['Sun, 22 Nov 2026 08:00:00 GMT', now, 0],
    ['Sun, 22 Nov 2026 07:59:59 GMT', now, undefined],
    ['Wed, 25 Nov 2026 08:00:00 GMT', now, 86_400],
    ['Sun, 22 Nov 2026 08:01:00 GMT', undefined, undefined],
    ['Sun, 22 Nov 2026 08:01:00 GMT', 'soon', undefined],
    ['soon', now, undefined],
    ['', now, undefined],
    ['-7', now, undefined],
    ['1e3', now, undefined],
    [undefined, now, undefined],
  ])('%j, with the Date %j, is %j seconds', async (value, date, seconds) => {
    expect(await retryAfter(value, date)).toBe(seconds);
  });

  it('of any text is a whole number of seconds within a day, or nothing', async () => {
    const text = fc.oneof(
      fc.string(),
      fc.integer().map(String),
      fc.double().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
    );
    await fc.assert(
      fc.asyncProperty(text, fc.option(text, { nil: undefined }), async (value, date) => {
        const seconds = (await retryAfter(value, date)) ?? 0;
        expect(Number.isInteger(seconds) && seconds >= 0 && seconds <= 86_400).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('is heard on a page that is not understood, too', async () => {
    const { failure } = await read('add', { status: 200, headers: { 'retry-after': '7' }, pieces: [] });
    expect(failure?.facts).toEqual({ httpStatus: 200, retryAfter: 7 });
  });

  it('is no fact where it was not said', async () => {
    expect((await read('add', { status: 503 })).failure?.facts).toStrictEqual({ httpStatus: 503 });
  });
});
