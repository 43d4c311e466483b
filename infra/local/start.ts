/**
 * `npm start`: runs the local stack with its web page until Ctrl-C. Prints where everything is and how to send a mail.
 * Ends with status 2 and one line when it cannot start.
 */
import { noteRunningStack } from './running-stack.ts';
import { type Stack, startStack } from './stack.ts';
import { helpText, readStartOptions, type StartOptions } from './start-options.ts';
import { startWebPage } from './web-page.ts';

async function run(options: StartOptions): Promise<void> {
  // Before anything is started, so that whatever was started by then is stopped.
  const asked = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        resolve();
        process.on(signal, () => process.exit(1)); // asked twice: do not wait for anything
      });
    }
  });
  const stack = await startStack(options.stack);
  try {
    const page = await startWebPage(stack, options.webPort);
    console.log(greeting(stack, page.url, options.stack.keep !== undefined));
    const forget = noteRunningStack(stack.smtpPort);
    await asked;
    forget();
    await page.stop();
  } finally {
    await stack.stop();
  }
}

function greeting(stack: Stack, pageUrl: string, kept: boolean): string {
  const [site] = stack.sites;
  const [domain = ''] = site?.domains ?? [];
  const { url, groups } = stack.groupServer;
  const example = `${groups[0]}@${domain}`;
  return `The local stack runs.

  web page      ${pageUrl}
  SMTP          127.0.0.1:${stack.smtpPort}   for mail to @${domain}
  AWS           ${stack.awsUrl}   (S3, SNS, SQS, SES, SSM, DynamoDB, Lambda)
  GroupServer   ${url}   groups ${groups.join(', ')}
  state         ${stack.folder}${kept ? '' : '   (goes with the stack; --keep FOLDER keeps it)'}

Send a mail:

  npm run send -- --to ${example}
  swaks --server 127.0.0.1:${stack.smtpPort} --from you@example.com --to ${example}

Ctrl-C stops everything.`;
}

try {
  const options = readStartOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(helpText);
  else await run(options);
} catch (error) {
  console.error(`The local stack did not start: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
