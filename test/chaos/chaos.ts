/**
 * `npm run chaos`: chaos runs through one door or all, one after the other. The books are printed on stdout, how far it is
 * on stderr. Ends with 1 when something was lost, doubled, contradictory or ill-mannered, with 2 when a run broke off.
 */
import { type ChaosOptions, helpText, readChaosOptions } from './chaos-options.ts';
import { ledgerText } from './ledger-text.ts';
import { openDoor } from './open-door.ts';
import { isGood, type Ledger, runDoor } from './run-door.ts';

/** Milliseconds between two lines where stderr is no terminal. */
const linePause = 15_000;

function progress(door: string): (what: string) => void {
  const { stderr } = process;
  let last = 0;
  return (what) => {
    if (stderr.isTTY) stderr.write(`\r\x1b[K${door}: ${what}`);
    else if (performance.now() - last > linePause) {
      last = performance.now();
      stderr.write(`${door}: ${what}\n`);
    }
  };
}

async function run({ mails, seed, doors, json }: ChaosOptions): Promise<void> {
  const ledgers: Ledger[] = [];
  for (const name of doors) {
    const door = await openDoor(name);
    const stop = () => void door.stop().finally(() => process.exit(130));
    process.once('SIGINT', stop).once('SIGTERM', stop);
    try {
      ledgers.push(await runDoor(door, { mails, seed, say: progress(name) }));
    } finally {
      process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop);
      await door.stop();
      if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    }
    const [ledger] = ledgers.slice(-1);
    if (ledger && !json) process.stdout.write(`${ledgerText(ledger)}\n`);
  }
  if (json) process.stdout.write(`${JSON.stringify(ledgers, undefined, 2)}\n`);
  if (!ledgers.every(isGood)) process.exitCode = 1;
}

async function main(): Promise<void> {
  const options = readChaosOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(helpText);
  else await run(options);
}

main().catch((error: unknown) => {
  process.stderr.write(`\nThe chaos run broke off: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
});
