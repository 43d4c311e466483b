/** The checker of the chaos runs, on books that are wrong in a way that is known. */
import { describe, expect, it } from 'vitest';
import { plainMail } from './chaos-mail.ts';
import { type Case, judge } from './judge.ts';
import type { Delivery, Sighting } from './sighting.ts';

const mail = plainMail('chaos-1-1-', 'example.net');
const [addressee = { address: '', route: 'group' as const }] = mail.addressees;
const delivery: Delivery = { mail, addressee };
const posted: Sighting = { mail: mail.id, recipient: addressee.address, end: 'posted', at: 1, key: 'k1' };
const lost: Sighting = { ...posted, at: 0, isAnswerLost: true };
const parked: Sighting = { mail: mail.id, recipient: addressee.address, end: 'parked', at: 2 };
const queued: Sighting = { ...parked, end: 'queued' };
const other: Delivery = { mail: plainMail('chaos-1-2-', 'example.net'), addressee };

const judged = (sightings: readonly Sighting[], more: Partial<Case> = {}) =>
  judge({
    accepted: [delivery],
    sightings,
    mayEnd: () => undefined,
    interrupted: () => 0,
    ...more,
  });
const problems = (...given: Parameters<typeof judged>) => judged(...given).problems.map(({ kind }) => kind);

describe('the books of a chaos run', () => {
  it('are in order when a mail was posted once', () => {
    expect(judged([posted])).toMatchObject({ deliveries: 1, ends: { posted: 1 }, problems: [] });
  });

  it.each([
    ['lost, when it was seen nowhere', [], ['lost']],
    ['doubled, when GroupServer has it twice', [posted, { ...posted, at: 9 }], ['doubled']],
    ['doubled, when it was posted and is still queued', [posted, queued], ['doubled']],
    ['damaged, when it is not what was sent', [{ ...posted, isDamaged: true }], ['damaged']],
    ['never accepted, when nobody sent it', [posted, { ...posted, mail: 'chaos-1-7-' }], ['never accepted']],
    ['without a key of its own', [{ ...posted, key: undefined }], ['two idempotency keys']],
    ['under two keys, whatever the explanation is', [{ ...lost, key: 'k0' }, posted], ['two idempotency keys']],
  ])('have a mail that is %s', (_, sightings, expected) => {
    expect(problems(sightings)).toEqual(expected);
  });

  it('have a mail that ended where its door must not let it end', () => {
    expect(problems([posted], { mayEnd: () => 'it should be bounced' })).toEqual(['wrong end']);
  });

  it('have two mails under one key', () => {
    expect(problems([posted, { ...posted, mail: other.mail.id }], { accepted: [delivery, other] })).toEqual([
      'foreign idempotency key',
    ]);
  });

  it('allow a second copy when the answer to the first was lost', () => {
    expect(judged([lost, posted])).toMatchObject({ problems: [], copies: { 'answer lost': 1 } });
    expect(problems([lost, posted, { ...posted, at: 9 }])).toEqual(['doubled']);
  });

  it('allow as many further copies as the program was killed', () => {
    const twice = [posted, { ...posted, at: 9 }];
    expect(judged(twice, { interrupted: () => 1 })).toMatchObject({ problems: [], copies: { killed: 1 } });
    expect(problems([...twice, { ...posted, at: 10 }], { interrupted: () => 1 })).toEqual(['doubled']);
  });

  it('allow the notification of a mail that was posted to be parked as well', () => {
    expect(judged([posted, parked])).toMatchObject({ problems: [], copies: { 'parked as well': 1 } });
    expect(problems([posted, { ...posted, at: 9 }, parked])).toEqual(['doubled']);
  });

  it('count what is put aside twice once', () => {
    expect(judged([parked, { ...parked, at: 3 }])).toMatchObject({ ends: { parked: 1 }, problems: [] });
  });
});
