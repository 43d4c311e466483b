/**
 * What LMTP does with recipients and mail: a recipient is looked up before its mail is taken, a mail is delivered to each
 * recipient by the core, a bounded number at once, each within the deadline. It knows no protocol. The recipients of one
 * mail do not depend on each other.
 */
import { deliver } from '../../core/deliver.ts';
import { type DeliveryStatus, statusOf } from '../../core/delivery-status.ts';
import { checkSize } from '../../core/limit.ts';
import { type Message, withOriginalRecipient } from '../../core/message.ts';
import { recipientOf, routeOf } from '../../core/recipient.ts';
import type { LogEntry } from '../log-line.ts';
import { phaseClock } from '../phase-clock.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import { deadline } from './deadline.ts';
import { gate } from './gate.ts';
import type { LmtpHandlers, Transaction } from './lmtp-server.ts';
import type { ConfiguredSite } from './lmtp-site.ts';

export interface DeliveriesOptions {
  readonly site: ConfiguredSite;
  readonly breaker: CircuitBreaker;
  /** Deliveries at once; and look-ups for recipients at once. */
  readonly concurrency: number;
  /** Seconds for each recipient, from the end of the mail. */
  readonly timeout: number;
  /** Bytes. */
  readonly maxSize: number;
  /** Told of each recipient that was refused, and of each delivery. */
  readonly report: (entry: LogEntry, status: DeliveryStatus) => void;
}

/** Seconds. A mail system waits some minutes for the answer to a recipient; a person may wait at its other end. */
const recipientTimeout = 30;

/** Makes the handlers of an LMTP server. */
export function lmtpDeliveries(options: DeliveriesOptions): LmtpHandlers {
  const { site, breaker, concurrency, timeout, maxSize } = options;
  const lookUps = gate(concurrency);
  const deliveries = gate(concurrency);

  async function lookUp(recipient: string): Promise<void> {
    const refused = breaker.refusal();
    if (refused) throw refused;
    const { groupServer, relayPrefix } = site.current();
    const route = routeOf(recipientOf({ recipient }, []), undefined, relayPrefix);
    if (route.kind !== 'group') return;
    const end = deadline(Math.min(timeout, recipientTimeout));
    try {
      const turn = await lookUps.enter(end.signal);
      try {
        await groupServer.findGroup(route.address, end.signal);
      } finally {
        turn.leave();
      }
    } finally {
      end.done();
    }
  }

  async function deliverTo(recipient: string, mail: Message, sender: string, signal: AbortSignal) {
    const clock = phaseClock();
    const entry: LogEntry = { sender, recipient, bytes: mail.size, milliseconds: clock.milliseconds };
    const attempt = async () => {
      checkSize(mail.size, maxSize);
      const turn = await clock.measure('wait', () => deliveries.enter(signal));
      try {
        const { groupServer, relayPrefix } = site.current();
        const message = withOriginalRecipient(mail, recipient);
        const { status, facts } = await deliver({
          message,
          envelope: { recipient, sender },
          groupServer: clock.measured(groupServer),
          relayPrefix,
          // The size of the mail has been checked; the field that we put before it does not count.
          maxSize: message.size,
          signal,
        });
        Object.assign(entry, facts);
        return status;
      } finally {
        turn.leave();
      }
    };
    const status = await clock.measure('total', attempt).catch(statusOf);
    breaker.heed(status);
    options.report(entry, status);
    return status;
  }

  return {
    refusal() {
      const refused = breaker.refusal();
      return refused && statusOf(refused);
    },
    async checkRecipient(recipient) {
      try {
        await lookUp(recipient);
      } catch (error) {
        const status = statusOf(error);
        breaker.heed(status);
        options.report({ recipient, milliseconds: {} }, status);
        throw error;
      }
    },
    async deliver(mail, { sender, recipients }: Transaction) {
      const end = deadline(timeout);
      // A recipient that was given twice gets the mail once, and the same reply twice.
      const statuses = new Map<string, Promise<DeliveryStatus>>();
      for (const recipient of new Set(recipients)) {
        statuses.set(recipient, deliverTo(recipient, mail, sender, end.signal));
      }
      const inOrder = await Promise.all(recipients.flatMap((recipient) => statuses.get(recipient) ?? []));
      end.done();
      return inOrder;
    },
  };
}
