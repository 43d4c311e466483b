/**
 * `npm run demo`: sends mail of every kind through the local stack, says what has become of each, and stops. Ends with
 * status 1 when something has become of a mail that should not have. Colours on a terminal only.
 */
import { styleText } from 'node:util';
import { type Step, steps, type Tally } from './demo-steps.ts';
import { type Stack, startStack } from './stack.ts';

const colour = (format: 'green' | 'red' | 'dim' | 'bold', words: string) =>
  styleText(format, words, { stream: process.stdout });

const tally = (stack: Stack): Tally => ({
  posted: stack.groupServer.posts.length,
  relayed: stack.groupServer.relayed.length,
  'bounce recorded': stack.groupServer.bounces.length,
  'sender told': stack.bounces().length,
  quarantined: stack.quarantined().length,
  queued: stack.queued().length,
  parked: stack.parked().length,
});

/** The entries that differ, in words. */
function changes(before: Tally, after: Tally): [string, number][] {
  const now = new Map(Object.entries(after));
  return Object.entries(before)
    .map(([name, count]): [string, number] => [name, (now.get(name) ?? 0) - count])
    .filter(([, change]) => change !== 0);
}

async function take(stack: Stack, { title, run, due }: Step): Promise<boolean> {
  if (process.stdout.isTTY) process.stdout.write(`  … ${title}`);
  const before = tally(stack);
  const begun = performance.now();
  let problem = '';
  try {
    await run(stack);
    await stack.settled();
  } catch (error) {
    problem = `: ${String(error)}`;
  }
  const found = changes(before, tally(stack));
  const words =
    found.map(([name, change]) => `${change > 0 ? '+' : '−'}${Math.abs(change)} ${name}`).join(', ') || 'nothing';
  const wanted = Object.entries(due);
  const good =
    problem === '' &&
    wanted.length === found.length &&
    wanted.every(([name, change]) => found.some(([other, value]) => other === name && value === change));
  const mark = good ? colour('green', '✓') : colour('red', '✗');
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[2K');
  console.log(
    `  ${mark} ${title} ${colour('dim', `(${words}; ${((performance.now() - begun) / 1000).toFixed(1)} s)`)}${problem}`,
  );
  return good;
}

async function demo(): Promise<void> {
  const begun = performance.now();
  const stack = await startStack();
  process.once('SIGINT', () => void stack.stop().then(() => process.exit(130)));
  try {
    console.log(
      `${colour('bold', 'The serverless door, on this machine')} ${colour('dim', `(SMTP 127.0.0.1:${stack.smtpPort})`)}\n`,
    );
    let failed = 0;
    for (const step of steps) if (!(await take(stack, step))) failed += 1;
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    const invocations = stack.lambda.reports();
    const memory = Math.max(...invocations.map(({ maxMemoryMiB }) => maxMemoryMiB));
    console.log(
      `\n${steps.length - failed} of ${steps.length} as they should be, in ${seconds} s; ${invocations.length} invocations, at most ${Math.round(memory)} MiB each.`,
    );
    if (failed > 0) process.exitCode = 1;
  } finally {
    await stack.stop();
  }
}

demo().catch((error: unknown) => {
  console.error(`The demo did not run: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
});
