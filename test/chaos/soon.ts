/** Waits for something that may come about. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves to true as soon as it is so, to false when it is not after so many milliseconds. */
export async function isSoon(condition: () => boolean, patience: number): Promise<boolean> {
  const end = performance.now() + patience;
  while (!condition()) {
    if (performance.now() > end) return false;
    await sleep(10);
  }
  return true;
}
