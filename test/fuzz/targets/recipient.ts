/**
 * Recipients: whatever the mail system, the environment or the mail say, what comes out is one line of printable ASCII
 * with its route, or a failure; and it can be posted.
 */
import fc from 'fast-check';
import { messageOf, withOriginalRecipient } from '../../../functions/core/message.ts';
import { multipart } from '../../../functions/core/multipart.ts';
import { type Envelope, recipientOf, routeOf, xverpOf } from '../../../functions/core/recipient.ts';
import { holds, resultAtOnce, same } from '../holds.ts';
import type { Target } from '../target.ts';

const separator = '\x1f';
const part = fc
  .array(
    fc.oneof(
      fc.constantFrom('+', '=', '@', '<', '>', '"', ' ', 'p-', 'list', 'ada', 'h', 'example.com', '\n', '\0', '_', '&'),
      fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

/** Recipient, environment, field of the mail, list, relay prefix; a part that is `-` is not there. */
const parts = fc.array(fc.oneof({ weight: 1, arbitrary: fc.constant('-') }, { weight: 3, arbitrary: part }), {
  minLength: 1,
  maxLength: 5,
});

export const recipient: Target = {
  name: 'recipient',
  grammar: parts.map((texts) => Buffer.from(texts.join(separator), 'latin1')),
  words: [separator, '<', '>', '<>', 'list+ada=example.com@h', 'p-', '\r\n', '------smtp2gs-form-data-0', '"', '-'],
  check(input) {
    const [given, environment, stamp, list, prefix = 'p-'] = input
      .toString('latin1')
      .split(separator)
      .map((text) => (text === '-' ? undefined : text));
    const envelope: Envelope = {
      ...(given === undefined ? {} : { recipient: given }),
      ...(environment === undefined ? {} : { environmentRecipient: environment }),
      ...(list === undefined ? {} : { list }),
    };
    const body = stamp?.replaceAll('\n', '').trim();
    const header = body === undefined ? [] : [{ name: 'X-Original-To', body, raw: `X-Original-To: ${body}\n` }];
    const result = resultAtOnce(() => recipientOf(envelope, header), ['no-recipient', 'config-invalid']);
    if ('failure' in result) {
      const isEmpty = given !== undefined && (/<([^<>]*)>\s*$/.exec(given)?.[1] ?? given).trim() === '';
      same(result.failure.kind === 'config-invalid', isEmpty, 'an empty --recipient alone is a mistake of ours');
      return;
    }
    const address = result.value;
    if (address === undefined) return holds(list !== undefined, 'without --list there is a recipient');
    holds(/^[\x20-\x7e]+$/.test(address), 'the recipient is one line of printable ASCII', address);
    holds(
      [given, environment, stamp?.replaceAll('\n', '')].some((text) => text?.includes(address)),
      'the recipient stands somewhere',
    );
    if (given !== undefined) holds(given.includes(address), 'what the mail system says outweighs all', address);
    checkRoute(address, list, prefix);
    holds(multipart({ 'form.email': address }).length > address.length, 'the recipient can be posted');
    withOriginalRecipient(messageOf(input), address);
  },
};

function checkRoute(address: string, list: string | undefined, prefix: string): void {
  const [, group, mailbox, domain, host] = /^(.*?)\+(.*?)=(.*?)@(.*)$/.exec(address) ?? [];
  const verp =
    group && mailbox && domain && host
      ? { groupAddress: `${group}@${host}`, userAddress: `${mailbox}@${domain}` }
      : undefined;
  same(xverpOf(address), verp, 'an XVERP address is taken apart as 3.x did');
  const route = routeOf(address, list, prefix);
  const isMember = list === undefined && address.startsWith(prefix);
  const expected = isMember ? 'member' : verp ? 'bounce' : list === undefined ? 'group' : 'list';
  same(route.kind, expected, 'the order is prefix, XVERP, --list, look-up');
}
