/**
 * `npm run demo`: delivers mail of every kind by the built command and then through the local stack, says what has become
 * of each, and stops. Ends with status 1 when something has become of a mail that should not have. Colours on a terminal
 * only.
 */
import { styleText } from 'node:util';
import { demoCommand } from './demo-command.ts';
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

/** The part of the command; answers how many mails surprised. */
async function demoOfCommand(): Promise<number> {
  let failed = 0;
  console.log(`${colour('bold', 'The command, as a mail system runs it')} ${colour('dim', '(dist/smtp2gs)')}\n`);
  await demoCommand(({ title, words, good }) => {
    if (!good) failed += 1;
    console.log(`  ${good ? colour('green', '✓') : colour('red', '✗')} ${title} ${colour('dim', `(${words})`)}`);
  });
  console.log();
  return failed;
}

async function demo(): Promise<void> {
  let failed = await demoOfCommand();
  const begun = performance.now();
  const stack = await startStack();
  process.once('SIGINT', () => void stack.stop().then(() => process.exit(130)));
  try {
    console.log(
      `${colour('bold', 'The serverless door, on this machine')} ${colour('dim', `(SMTP 127.0.0.1:${stack.smtpPort})`)}\n`,
    );
    for (const step of steps) if (!(await take(stack, step))) failed += 1;
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    const invocations = stack.lambda.reports();
    const memory = Math.max(...invocations.map(({ maxMemoryMiB }) => maxMemoryMiB));
    console.log(
      `\n${failed === 0 ? 'All as they should be' : `${failed} not as they should be`}; the chain took ${seconds} s, ${invocations.length} invocations, at most ${Math.round(memory)} MiB each.\n"npm start" keeps the chain running, with a web page that shows every mail on its way.`,
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
