/**
 * Where the program begins: the exit guard. It imports nothing statically, so that it stands before anything can fail,
 * and sees to it that every way out of the process that has not reported a status says `4.3.0` and exits 75: an
 * exception, a rejection, a promise that never settles, a failed import, a signal. Exit 1 would bounce the mail.
 */
import type { Ending } from './main.ts';

const temporaryFailure = 75;
let ended = false;

// A warning of the run time on stderr would stand before the status line and hide it from the mail system.
process.removeAllListeners('warning');
process.on('uncaughtException', () => fail('an unexpected error'));
process.on('unhandledRejection', () => fail('an unexpected error'));
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => fail(`stopped by ${signal}`));
process.on('exit', () => {
  if (!ended) fail('ended without a result');
});

void import('./main.ts').then(({ main }) => main(process.argv.slice(2))).then((ending) => end(ending));

function fail(why: string): void {
  end({ stderr: `4.3.0 The mail gateway failed, the mail is kept: ${why}\n`, exit: temporaryFailure });
}

function end({ stdout, stderr, exit }: Ending): void {
  if (ended) return;
  ended = true;
  write(1, stdout);
  write(2, stderr);
  process.exitCode = exit;
  process.exit(exit);
}

/** Writes at once; a reader that has gone (EPIPE) must not change the exit status. */
function write(descriptor: 1 | 2, text = ''): void {
  try {
    if (text !== '') process.getBuiltinModule('node:fs').writeSync(descriptor, text);
  } catch {
    // The exit status still says it.
  }
}
