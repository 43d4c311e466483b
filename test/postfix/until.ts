/**
 * Waits for something that another process is about to do. The wait is bounded and says what it saw when it fails.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** Asks every 20 ms until the answer is truthy and resolves to it; throws after `seconds` with `what` and `seen()`. */
export async function until<Answer>(
  what: string,
  ask: () => Answer | Promise<Answer>,
  seen: () => string = () => '',
  seconds = 30,
): Promise<NonNullable<Answer>> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`Waited ${seconds} s in vain: ${what}\n${seen()}`);
    await sleep(20);
  }
}
