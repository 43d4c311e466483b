/**
 * Those who wait at a queue for a message. They look again when something was put into the queue, when the clock was
 * turned, and when the next hidden message becomes visible.
 */
import type { Clock } from '../clock.ts';

export interface LongPolls {
  /** Tries now and whenever something has changed, until it finds something, the time is over or the caller leaves. */
  wait<T>(attempt: () => T[], seconds: number, signal?: AbortSignal): Promise<T[]>;
  /** Something has changed. */
  look(): void;
}

/** `visibleTimes` tells when each message becomes visible, in ms of the stack's clock. */
export function createLongPolls(clock: Clock, visibleTimes: () => number[]): LongPolls {
  const waiting = new Set<() => void>();
  let alarm: NodeJS.Timeout | undefined;

  const look = () => {
    for (const wake of waiting) wake();
    clearTimeout(alarm);
    if (waiting.size === 0) return;
    const now = clock.now();
    const next = Math.min(...visibleTimes().filter((at) => at > now));
    if (Number.isFinite(next)) alarm = setTimeout(look, Math.min(next - now, 60_000)).unref();
  };
  clock.onTurn(look);

  const wait = async <T>(attempt: () => T[], seconds: number, signal?: AbortSignal): Promise<T[]> => {
    const found = attempt();
    if (found.length > 0 || seconds === 0) return found;
    return await new Promise((resolve) => {
      const finish = (result: T[]) => {
        waiting.delete(wake);
        clearTimeout(timer);
        signal?.removeEventListener('abort', leave);
        resolve(result);
      };
      const wake = () => {
        const result = attempt();
        if (result.length > 0) finish(result);
      };
      const leave = () => finish([]);
      const timer = setTimeout(leave, seconds * 1000);
      signal?.addEventListener('abort', leave);
      waiting.add(wake);
      look();
    });
  };
  return { wait, look };
}
