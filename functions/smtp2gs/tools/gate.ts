/**
 * Lets a bounded number of jobs run at once; the others wait in the order in which they came. A job whose deadline
 * passes while it waits is `no-slot`.
 */
import { DeliveryFailure } from '../../core/delivery-status.ts';

export interface Gate {
  /** Waits for a turn; whoever has one has to give it back. */
  enter(signal: AbortSignal): Promise<{ leave(): void }>;
}

/** Makes a gate for `width` jobs at once. */
export function gate(width: number): Gate {
  const waiting = new Set<() => void>();
  let running = 0;
  const leave = () => {
    running -= 1;
    const [next] = waiting;
    next?.();
  };
  return {
    enter: (signal) =>
      new Promise((resolve, reject) => {
        const go = () => {
          waiting.delete(go);
          signal.removeEventListener('abort', giveUp);
          running += 1;
          resolve({ leave });
        };
        const giveUp = () => {
          waiting.delete(go);
          reject(new DeliveryFailure('no-slot', `no turn among ${width} within the deadline; see --concurrency`));
        };
        if (running < width) go();
        else {
          waiting.add(go);
          signal.addEventListener('abort', giveUp, { once: true });
        }
      }),
  };
}
