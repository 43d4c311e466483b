/**
 * Measures how long the parts of a delivery take, for the log.
 */
import type { Page } from '../core/answer.ts';
import type { GroupServer } from '../core/groupserver.ts';

/** `read`: the mail from the mail system; `wait`: for a slot; a page: the request to it and its answer, redirects included. */
export type Phase = 'read' | 'wait' | Page | 'total';

export interface PhaseClock {
  /** Milliseconds by phase, so far. */
  readonly milliseconds: Partial<Record<Phase, number>>;
  /** Adds the time that something takes to its phase. */
  measure<T>(phase: Phase, work: () => Promise<T>): Promise<T>;
  /** Gives a server whose requests are measured. */
  measured(server: GroupServer): GroupServer;
}

/** Milliseconds since the process began. `performance` would say the same, but Node loads it first, for 2 ms. */
export function sinceStart(): number {
  return process.uptime() * 1000;
}

/** Makes a clock for one delivery. */
export function phaseClock(): PhaseClock {
  const milliseconds: Partial<Record<Phase, number>> = {};
  const measure = async <T>(phase: Phase, work: () => Promise<T>): Promise<T> => {
    const begun = sinceStart();
    try {
      return await work();
    } finally {
      milliseconds[phase] = (milliseconds[phase] ?? 0) + sinceStart() - begun;
    }
  };
  return {
    milliseconds,
    measure,
    measured: (server) => ({
      findGroup: (...asked) => measure('look-up', () => server.findGroup(...asked)),
      addPost: (...asked) => measure('add', () => server.addPost(...asked)),
      relay: (...asked) => measure('relay', () => server.relay(...asked)),
      recordBounce: (...asked) => measure('bounce', () => server.recordBounce(...asked)),
    }),
  };
}
