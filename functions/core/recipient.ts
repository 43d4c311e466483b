/**
 * Says which envelope recipient a message is for and what that address stands for: a group, a member (relay), or the
 * bounce of a member (XVERP). It knows no server. An address that cannot be used is `no-recipient`; a mail system that
 * was told to name one and named nothing is `config-invalid`, since the sender is not to blame.
 */
import { DeliveryFailure } from './delivery-status.ts';
import { firstField, type Header } from './header.ts';

export interface Envelope {
  /** As the mail system gave it to us, e.g. Postfix's `${original_recipient}`. */
  readonly recipient?: string;
  /** `ORIGINAL_RECIPIENT` of the environment, in which local(8) has replaced characters that a shell might mind. */
  readonly environmentRecipient?: string;
  /** Envelope sender; empty for the null sender. */
  readonly sender?: string;
  /** The group that everything goes to, as `--list` says, whatever the recipient is. */
  readonly list?: string;
}

export type Route =
  | { readonly kind: 'group'; readonly address: string }
  | { readonly kind: 'list'; readonly groupId: string }
  | { readonly kind: 'member' }
  | { readonly kind: 'bounce'; readonly groupAddress: string; readonly userAddress: string };

/** The step "recipient": finds the address; undefined only where `--list` makes it unnecessary. */
export function recipientOf(envelope: Envelope, header: Header): string | undefined {
  if (envelope.recipient !== undefined) {
    const given = bareAddress(envelope.recipient);
    if (given === '') throw new DeliveryFailure('config-invalid', 'the mail system gave an empty --recipient');
    return usable(given);
  }
  const stamped = bareAddress(firstField(header, 'X-Original-To') ?? '');
  const censored = envelope.environmentRecipient ?? '';
  if (censored !== '') return usable(censor(stamped) === censored ? stamped : bareAddress(censored));
  if (stamped !== '') return usable(stamped);
  if (envelope.list !== undefined) return undefined;
  throw new DeliveryFailure(
    'no-recipient',
    'no X-Original-To field; the transport needs the flag O, or smtp2gs the option --recipient',
  );
}

/** The step "route": says what an address stands for. */
export function routeOf(recipient: string | undefined, list: string | undefined, relayPrefix: string): Route {
  if (list === undefined && recipient?.startsWith(relayPrefix)) return { kind: 'member' };
  const bounce = recipient === undefined ? undefined : xverpOf(recipient);
  if (bounce) return { kind: 'bounce', ...bounce };
  if (list !== undefined) return { kind: 'list', groupId: list };
  return { kind: 'group', address: recipient ?? '' };
}

/**
 * Takes an XVERP address apart: `list+mailbox=domain@host` is the bounce of `mailbox@domain`, a member of `list@host`.
 * An address in which any of the four parts is empty is an ordinary one.
 */
export function xverpOf(address: string): { groupAddress: string; userAddress: string } | undefined {
  const plus = address.indexOf('+');
  const equals = address.indexOf('=', plus);
  const at = address.indexOf('@', equals);
  if (plus < 1 || equals <= plus + 1 || at <= equals + 1 || at === address.length - 1) return undefined;
  const host = address.slice(at + 1);
  return {
    groupAddress: `${address.slice(0, plus)}@${host}`,
    userAddress: `${address.slice(plus + 1, equals)}@${address.slice(equals + 1, at)}`,
  };
}

/** QUIRK: some senders' systems write `"Name" <address>` where only an address belongs. */
function bareAddress(text: string): string {
  return (/<([^<>]*)>\s*$/.exec(text)?.[1] ?? text).trim();
}

/** Replaces what local(8) replaces with its default `command_expansion_filter` (Postfix `postconf(5)`). */
function censor(address: string): string {
  return address.replaceAll(/[^0-9A-Za-z!@%\-_=+:,./]/g, '_');
}

function usable(address: string): string {
  if (!/^[\x20-\x7e]+$/.test(address)) {
    throw new DeliveryFailure('no-recipient', 'the recipient is not an ASCII address');
  }
  return address;
}
