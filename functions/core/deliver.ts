/**
 * The whole way of a message to one recipient, on one screen; its steps have the same names in functions/README.md and
 * in test/scenarios.ts. It knows no mail system: a door brings the message and its envelope, and translates the status
 * that comes back. It never rejects: this is the one place that catches.
 */
import { type DeliveryStatus, statusOf, success } from './delivery-status.ts';
import type { GroupServer } from './groupserver.ts';
import { type Header, readHeader } from './header.ts';
import { idempotencyKey } from './idempotency-key.ts';
import { checkSize } from './limit.ts';
import type { Message } from './message.ts';
import { type Envelope, type Route, recipientOf, routeOf } from './recipient.ts';

export interface DeliverOptions {
  readonly message: Message;
  readonly envelope: Envelope;
  readonly groupServer: GroupServer;
  /** What an address of a member begins with. */
  readonly relayPrefix: string;
  /** Bytes. */
  readonly maxSize: number;
  /** Aborts with a TimeoutError at the deadline. */
  readonly signal: AbortSignal;
}

/** What is known of a delivery when it has ended, besides how. */
export interface DeliveryFacts {
  recipient?: string;
  route?: Route['kind'];
  group?: string;
  messageId?: string;
}

export interface Delivery {
  readonly status: DeliveryStatus;
  readonly facts: Readonly<DeliveryFacts>;
}

/** Delivers a message to one recipient; the status says how it ended, whatever happened. */
export async function deliver(options: DeliverOptions): Promise<Delivery> {
  const facts: DeliveryFacts = {};
  try {
    return { status: await attempt(options, facts), facts };
  } catch (error) {
    return { status: statusOf(error), facts };
  }
}

async function attempt(options: DeliverOptions, facts: DeliveryFacts): Promise<DeliveryStatus> {
  const { message, envelope, groupServer, signal } = options;
  checkSize(message.size, options.maxSize);
  const header = await readHeader(message.read());
  note(facts, 'messageId', header.find((field) => field.name.toLowerCase() === 'message-id')?.body);
  const recipient = recipientOf(envelope, header);
  note(facts, 'recipient', recipient);
  const route = routeOf(recipient, envelope.list, options.relayPrefix);
  facts.route = route.kind;
  const key = keyOf(route, recipient, message, header);
  switch (route.kind) {
    case 'member':
      await groupServer.relay(message, key, signal);
      return success('relayed');
    case 'bounce':
      await groupServer.recordBounce(route, key, signal);
      return success('bounce-recorded', forged(envelope));
    case 'list':
    case 'group': {
      const group = route.kind === 'list' ? { id: route.groupId } : await groupServer.findGroup(route.address, signal);
      facts.group = group.id;
      await groupServer.addPost(group, message, key, signal);
      return success('posted');
    }
  }
}

/** A delivery to a list has no address of its own to be named by. */
function keyOf(route: Route, recipient: string | undefined, message: Message, header: Header): string {
  return idempotencyKey(route.kind === 'list' ? `list ${route.groupId}` : (recipient ?? ''), message.size, header);
}

/** Anybody can write to a VERP address; a real bounce comes from the null sender (RFC 5321 section 4.5.5). */
function forged({ sender }: Envelope): string | undefined {
  return sender === undefined || sender === '' || sender === '<>'
    ? undefined
    : 'its envelope sender is not the null sender';
}

function note(facts: DeliveryFacts, name: 'recipient' | 'messageId', value: string | undefined): void {
  if (value !== undefined) facts[name] = value;
}
