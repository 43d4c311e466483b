/**
 * Spares a group server that is down: after a few failures to connect in a row, requests fail at once for some seconds,
 * then one is let through to try, and so on until one gets through. It also keeps the pause that a server asked for
 * (Retry-After). It knows no mail: it is a transport around a transport.
 */
import { DeliveryFailure, type DeliveryStatus } from '../../core/delivery-status.ts';
import { connectTimeout, type Post } from '../../core/transport.ts';

/** Failures to connect in a row. */
const failureLimit = 3;

/** Milliseconds between two tries while the server is down. */
const tryEvery = 5000;

/** Seconds. A mail system tries again after some minutes by itself. */
const longestPause = 300;

export interface CircuitBreaker {
  /** Makes a transport that fails at once where this one would most likely fail. */
  around(post: Post): Post;
  /** What a request would fail with now; undefined when it would be sent. */
  refusal(): DeliveryFailure | undefined;
  /** Takes notice of how a request ended, for the Retry-After in it. */
  heed(status: Pick<DeliveryStatus, 'retryAfter' | 'detail'>): void;
}

/** Makes a circuit breaker for one server. `now` is a clock in milliseconds. */
export function circuitBreaker(now: () => number): CircuitBreaker {
  let failures = 0;
  let open: { until: number; why: DeliveryFailure } | undefined;
  const openFor = (milliseconds: number, why: DeliveryFailure) => {
    open = { until: now() + milliseconds, why };
  };
  const failed = (why: DeliveryFailure) => {
    failures += 1;
    if (failures >= failureLimit) openFor(tryEvery, why);
  };
  const refusal = () => {
    if (!open || now() >= open.until) return undefined;
    const seconds = Math.ceil((open.until - now()) / 1000);
    return new DeliveryFailure(open.why.kind, `${open.why.message}; not asked again for ${seconds} s`);
  };
  return {
    refusal,
    around: (post) => async (request, signal) => {
      const refused = refusal();
      if (refused) throw refused;
      // This one tries; those that come while it does are refused, as long as it may take to find out.
      if (open) openFor(connectTimeout * 1000, open.why);
      const tried = open;
      const reached = () => {
        failures = 0;
        if (open === tried) open = undefined;
      };
      try {
        const answer = await post(request, signal);
        reached();
        return answer;
      } catch (error) {
        if (!(error instanceof DeliveryFailure && error.kind === 'server-unreachable')) reached();
        // Who came too late for a connection says nothing about the server.
        else if (!signal.aborted) failed(error);
        throw error;
      }
    },
    heed({ retryAfter, detail = 'the group server asked for a pause' }) {
      if (retryAfter === undefined || retryAfter === 0) return;
      openFor(Math.min(retryAfter, longestPause) * 1000, new DeliveryFailure('answer-not-understood', detail));
    },
  };
}
