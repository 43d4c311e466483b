/** The recipient of a mail and what its address stands for, against the rule of 3.x and against Postfix itself. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { statusOf } from '../../functions/core/delivery-status.ts';
import type { Header } from '../../functions/core/header.ts';
import { type Envelope, recipientOf, routeOf, xverpOf } from '../../functions/core/recipient.ts';
import { suiteNeeds } from '../required-suite.ts';

/** Addresses, and texts that are nearly one: every order of the characters that matter. */
const address = fc.oneof(
  fc.string({ unit: fc.constantFrom('+', '=', '@', 'a', 'b', '.', '-', ' ', '"'), maxLength: 16 }),
  fc
    .array(fc.constantFrom('list', 'ada', 'example.com', 'groups.example.com', 'p-', '+', '=', '@'), { maxLength: 10 })
    .map((parts) => parts.join('')),
  fc.emailAddress(),
);

const stamped = (...addresses: string[]): Header =>
  addresses.map((body) => ({ name: 'X-Original-To', body, raw: `X-Original-To: ${body}\n` }));

/** The recipient, or the kind of failure. */
function outcome(envelope: Envelope, header: Header): string | undefined {
  try {
    return recipientOf(envelope, header);
  } catch (error) {
    return `${statusOf(error).kind}!`;
  }
}

describe('an XVERP address', () => {
  it('is taken apart as 3.x did, when no part is empty', () => {
    fc.assert(
      fc.property(address, (text) => {
        const [, list, mailbox, domain, host] = /^(.*?)\+(.*?)=(.*?)@(.*)/.exec(text) ?? [];
        const expected =
          list && mailbox && domain && host
            ? { groupAddress: `${list}@${host}`, userAddress: `${mailbox}@${domain}` }
            : undefined;
        expect(xverpOf(text)).toEqual(expected);
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ['list+ada=example.com@groups.example.com', 'list@groups.example.com', 'ada@example.com'],
    ['list+ada+tag=example.com@h', 'list@h', 'ada+tag@example.com'],
    ['list+ada=b=example.com@h', 'list@h', 'ada@b=example.com'],
    ['list+ada=example.com@h@i', 'list@h@i', 'ada@example.com'],
    ['a=b+ada=example.com@h', 'a=b@h', 'ada@example.com'],
  ])('%s is the bounce of a member', (text, groupAddress, userAddress) => {
    expect(xverpOf(text)).toEqual({ groupAddress, userAddress });
  });

  it.each(['list+=@h', '+=@', '+a=b@h', 'l+=b@h', 'l+a=@h', 'l+a=b@', 'group+tag@h', 'a=b@h', 'a@h', '', 'l@h+a=b'])(
    '%j is none',
    (text) => {
      expect(xverpOf(text)).toBeUndefined();
    },
  );
});

describe('what an address stands for', () => {
  const verp = 'list+ada=example.com@h';
  const bounce = { kind: 'bounce', groupAddress: 'list@h', userAddress: 'ada@example.com' };
  const relayedVerp = 'p-list+ada=example.com@h';

  it.each([
    ['an ordinary one', 'list@h', undefined, { kind: 'group', address: 'list@h' }],
    ['one with a tag', 'list+tag@h', undefined, { kind: 'group', address: 'list+tag@h' }],
    ['an ordinary one with --list', 'list@h', 'other', { kind: 'list', groupId: 'other' }],
    ['none with --list', undefined, 'other', { kind: 'list', groupId: 'other' }],
    ['none at all', undefined, undefined, { kind: 'group', address: '' }],
    ['a prefixed one', 'p-4f@h', undefined, { kind: 'member' }],
    ['a prefixed one with --list', 'p-4f@h', 'other', { kind: 'list', groupId: 'other' }],
    ['a prefix in another case', 'P-4f@h', undefined, { kind: 'group', address: 'P-4f@h' }],
    ['a prefix that is not at the start', 'x.p-4f@h', undefined, { kind: 'group', address: 'x.p-4f@h' }],
    ['an XVERP one', verp, undefined, bounce],
    ['an XVERP one with --list', verp, 'other', bounce],
    ['an XVERP one with the prefix', relayedVerp, undefined, { kind: 'member' }],
    ['an XVERP one with the prefix, with --list', relayedVerp, 'other', { ...bounce, groupAddress: 'p-list@h' }],
  ])('%s', (_what, recipient, list, route) => {
    expect(routeOf(recipient, list, 'p-')).toEqual(route);
  });

  it('follows the order prefix, XVERP, --list, look-up for any address', () => {
    fc.assert(
      fc.property(address, fc.option(fc.constantFrom('a', 'other'), { nil: undefined }), (text, list) => {
        const prefixed = list === undefined && text.startsWith('p-');
        const expected = prefixed ? 'member' : xverpOf(text) ? 'bounce' : list === undefined ? 'group' : 'list';
        expect(routeOf(text, list, 'p-').kind).toBe(expected);
      }),
    );
  });
});

describe('the recipient', () => {
  it.each([
    ['given with a name', { recipient: '"Group, the" <list@h>' }, [], 'list@h'],
    ['given in angle brackets', { recipient: '<list@h>' }, [], 'list@h'],
    ['given with white space', { recipient: ' list@h\t' }, [], 'list@h'],
    ['given with brackets that are not at the end', { recipient: '<list@h> x' }, [], '<list@h> x'],
    ['given with brackets inside the last ones', { recipient: 'a <b@h> <list@h> ' }, [], 'list@h'],
    ['given beside a stamp and an environment', { recipient: 'a@h', environmentRecipient: 'b@h' }, ['c@h'], 'a@h'],
    ['given with --list', { recipient: 'a@h', list: 'x' }, [], 'a@h'],
    ['given empty', { recipient: '' }, ['c@h'], 'config-invalid!'],
    ['given blank', { recipient: ' <> ' }, ['c@h'], 'config-invalid!'],
    ['given empty with --list', { recipient: '', list: 'x' }, ['c@h'], 'config-invalid!'],
    ['given outside ASCII', { recipient: 'grüppe@h' }, [], 'no-recipient!'],
    ['given on two lines', { recipient: 'a@h\nb@h' }, [], 'no-recipient!'],
    ['given outside ASCII with --list', { recipient: 'grüppe@h', list: 'x' }, [], 'no-recipient!'],
    ['stamped', {}, ['c@h'], 'c@h'],
    ['stamped with a name', {}, ['"C" <c@h>'], 'c@h'],
    ['stamped twice', {}, ['c@h', 'd@h'], 'c@h'],
    ['stamped blank, then not', {}, ['', 'd@h'], 'no-recipient!'],
    ['stamped as nobody', {}, ['<>'], 'no-recipient!'],
    ['stamped outside ASCII', {}, ['gr\xfcppe@h'], 'no-recipient!'],
    ['stamped nowhere', {}, [], 'no-recipient!'],
    ['stamped nowhere, with --list', { list: 'x' }, [], undefined],
    ['stamped blank, with --list', { list: 'x' }, [''], undefined],
    ['stamped, with --list', { list: 'x' }, ['c@h'], 'c@h'],
    ['in the environment only', { environmentRecipient: 'b@h' }, [], 'b@h'],
    ['in an environment that is empty', { environmentRecipient: '' }, ['c@h'], 'c@h'],
    ['censored in the environment', { environmentRecipient: 'r_d@h' }, ['r&d@h'], 'r&d@h'],
    ['censored, stamped with a name', { environmentRecipient: 'r_d@h' }, ['"R" <r&d@h>'], 'r&d@h'],
    ['censored, stamped differently', { environmentRecipient: 'r_d@h' }, ['r&e@h'], 'r_d@h'],
    ['censored, stamped rightly in the second place', { environmentRecipient: 'r_d@h' }, ['x@h', 'r&d@h'], 'r_d@h'],
    ['in the environment in angle brackets', { environmentRecipient: '<b@h>' }, [], 'b@h'],
    ['censored beyond ASCII', { environmentRecipient: 'gr_ppe@h' }, ['gr\xfcppe@h'], 'no-recipient!'],
    ['in the environment, with --list', { environmentRecipient: 'b@h', list: 'x' }, [], 'b@h'],
  ] satisfies [string, Envelope, string[], string | undefined][])('%s', (_what, envelope, stamps, expected) => {
    expect(outcome(envelope, stamped(...stamps))).toBe(expected);
  });

  it.each([
    ['config-invalid', { recipient: '' }, 'the mail system gave an empty --recipient'],
    ['no-recipient', {}, 'no X-Original-To field; the transport needs the flag O, or smtp2gs the option --recipient'],
    ['no-recipient', { recipient: 'é@h' }, 'the recipient is not an ASCII address'],
  ])('that is missing is %s with %j, and the words help', (kind, envelope, words) => {
    expect(() => recipientOf(envelope, [])).toThrow(expect.objectContaining({ kind, message: words }));
  });

  it('is found in no field but X-Original-To', () => {
    const header = ['To', 'Delivered-To', 'Envelope-To', 'X-Original'].map((name) => ({
      name,
      body: 'a@h',
      raw: `${name}: a@h\n`,
    }));
    expect(outcome({}, header)).toBe('no-recipient!');
  });

  it('is one line of printable ASCII, or a failure that says so, whatever comes', () => {
    const text = fc.string({ unit: 'binary', maxLength: 12 });
    const given = fc.option(text, { nil: undefined });
    fc.assert(
      fc.property(given, given, fc.array(text, { maxLength: 2 }), (recipient, environmentRecipient, stamps) => {
        const envelope = {
          ...(recipient === undefined ? {} : { recipient }),
          ...(environmentRecipient === undefined ? {} : { environmentRecipient }),
        };
        expect(outcome(envelope, stamped(...stamps))).toMatch(/^[\x20-\x7e]+$/);
      }),
    );
  });
});

describe.runIf(suiteNeeds('postconf'))('the characters that local(8) replaces', () => {
  const kept = execFileSync('postconf', ['-d', '-h', 'command_expansion_filter'], { encoding: 'utf8' }).trim();

  it('are those outside of what this Postfix lists', () => {
    for (let code = 0x21; code < 0x7f; code += 1) {
      // Angle brackets would be taken for those around an address.
      const character = String.fromCharCode(code);
      if (character === '<' || character === '>') continue;
      // The & is replaced in any case: only the whole rule leads from what is left to the original.
      const original = `a&${character}b@h`;
      const environmentRecipient = `a_${kept.includes(character) ? character : '_'}b@h`;
      expect(outcome({ environmentRecipient }, stamped(original))).toBe(original);
    }
  });
});
