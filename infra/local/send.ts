/**
 * `npm run send`: sends a mail to the local stack that `npm start` runs, or to another SMTP port of this machine.
 * Prints the server's answer; ends with status 1 when there is no server or the mail is refused.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createTransport } from 'nodemailer';
import { smtpPortOfRunningStack } from './running-stack.ts';

const help = `Sends a mail by SMTP to 127.0.0.1.

  npm run send -- --to ADDRESS [options]

  --to ADDRESS     envelope recipient; may be given several times
  --port N         (that of the stack that npm start runs)
  --from ADDRESS   envelope sender (ada@example.com); empty for the null sender
  --subject TEXT   (A mail from the command line)
  --text TEXT      (Hello)
  --size MIB       adds so many MiB of attachment
  --file FILE      sends the bytes of this file instead
  --help           prints this

Senders such as spam@…, virus@… and dmarc-fail@… get that verdict in the local stack.
`;

async function send(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      to: { type: 'string', multiple: true, default: [] },
      from: { type: 'string', default: 'ada@example.com' },
      subject: { type: 'string', default: 'A mail from the command line' },
      text: { type: 'string', default: 'Hello' },
      size: { type: 'string' },
      file: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  if (values.to.length === 0) throw new Error('--to is needed, see --help');
  const port = values.port ?? smtpPortOfRunningStack();
  if (port === undefined) throw new Error('No local stack runs: start one with "npm start", or name a --port.');
  const { from, to, subject, text } = values;
  const content =
    values.size === undefined ? undefined : Buffer.alloc(Math.floor(Number(values.size) * 786_432), 'smtp2gs ');
  const written = {
    from,
    to,
    subject,
    text,
    ...(content && { attachments: [{ filename: 'attachment.bin', content }] }),
  };
  const transport = createTransport({ host: '127.0.0.1', port: Number(port), secure: false, ignoreTLS: true });
  const mail = values.file === undefined ? written : { raw: readFileSync(values.file) };
  const { response } = await transport.sendMail({ ...mail, envelope: { from, to } });
  console.log(response);
}

send().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
