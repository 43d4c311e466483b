/**
 * `npm run release`: lists the mail in quarantine with the reasons, and lets mail out of it: the notification in the
 * mail's note goes into the queue with an attribute that tells the function to pass over SES's verdicts. The mail itself
 * stays where it is, and the note is told.
 */
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { clientConfig, s3Client } from './aws-clients.ts';
import { type Context, type Outcome, runCommand } from './command.ts';
import type { CommandLine } from './command-line.ts';
import { Failure, UsageError } from './failure.ts';
import { inGroups } from './in-groups.ts';
import {
  markReleased,
  type QuarantinedMail,
  type QuarantineNote,
  quarantinedIds,
  readNote,
} from './quarantine-notes.ts';
import { releaseAttribute, stringAttribute } from './queue-attributes.ts';

await runCommand({
  name: 'release',
  operands: '[MESSAGE-ID…]',
  text: `Lists the mail in quarantine with the reasons, and delivers what you choose,
whatever SES found in it. Recipients that have the mail do not get it twice.`,
  options: [
    { name: 'all', text: 'All of it, but no mail with a virus and none released before: those are chosen by id only.' },
    { name: 'reason', value: 'WORD', text: 'Only mail that is there for this: spam, dmarc or virus.' },
  ],
  isChange: true,
  check(line) {
    if (line.operands.length > 0 && line.has('all')) throw new UsageError('give message ids or --all, not both');
    if (line.has('yes') && line.operands.length === 0 && !line.has('all'))
      throw new UsageError('give the message ids to be released, or --all');
  },
  run: release,
});

async function release({ stack, line, isMeant, out, signal }: Context): Promise<Outcome> {
  const s3 = s3Client(stack.region);
  const bucket = stack.output('MailBucketName');
  const { notes, mails } = await quarantinedIds(s3, bucket);
  const ids = line.operands.length > 0 ? line.operands : [...new Set([...notes, ...mails])];
  for (const id of ids) if (!notes.has(id) && !mails.has(id)) throw new Failure(`${id} is not in quarantine.`);
  const read = async (id: string) => await readNote(s3, bucket, id, { note: notes.has(id), mail: mails.has(id) });
  const found = await inGroups(ids, signal, read, (count) => out.progress(`${count} of ${ids.length} notes read`));

  const listed = found.filter(({ mail }) => mail.reason === (line.value('reason') ?? mail.reason));
  const chosen = listed.filter(chooser(line));
  const broken = chosen.find(({ notification }) => notification === null)?.mail;
  if (broken) throw new Failure(`${broken.messageId} cannot be released: ${broken.reason}. Try npm run replay.`);
  if (!isMeant) {
    const shown = listed.map(({ mail }) => mail).toSorted((a, b) => time(a).localeCompare(time(b)));
    show(shown, out);
    if (chosen.length > 0)
      out.line(`Dry run: ${chosen.length} of these ${shown.length} would be delivered. Add --yes to do it.`, 'bold');
    else if (shown.length > 0) out.line('Dry run: name the ids to be released, or --all.', 'bold');
    return { isWell: true, result: { found: shown, chosen: chosen.map(({ mail }) => mail.messageId) } };
  }

  const sqs = new SQSClient(clientConfig(stack.region));
  const letOut = async ({ mail: { messageId }, notification }: QuarantineNote) => {
    const MessageAttributes = { [releaseAttribute]: stringAttribute('1') };
    const MessageBody = JSON.stringify(notification);
    await sqs.send(new SendMessageCommand({ QueueUrl: stack.output('MailQueueUrl'), MessageBody, MessageAttributes }));
    await markReleased(s3, bucket, messageId, new Date().toISOString());
    return messageId;
  };
  const tell = (count: number) => out.progress(`${count} of ${chosen.length} released`);
  const released = await inGroups(chosen, signal, letOut, tell);
  if (released.length === 0) out.line('There is nothing to release.');
  else out.marked('✓', 'green', `Released into the queue: ${released.join(' ')}`);
  return { isWell: true, result: { released } };
}

/** By id everything can be had, by `--all` what a person need not look at first. */
function chooser(line: CommandLine): (note: QuarantineNote) => boolean {
  if (line.operands.length > 0) return () => true;
  if (!line.has('all')) return () => false;
  return ({ mail, notification }) => mail.reason !== 'virus' && mail.releasedAt === null && notification !== null;
}

function show(mails: readonly QuarantinedMail[], out: Context['out']): void {
  if (mails.length === 0) {
    out.line('Nothing is in quarantine.');
    return;
  }
  out.table(
    ['MESSAGE ID', 'REASON', 'SINCE', 'FROM', 'TO'],
    mails.map((mail) => [
      mail.messageId,
      mail.releasedAt === null ? mail.reason : `${mail.reason}, released`,
      time(mail),
      mail.sender ?? '?',
      mail.recipients.join(' '),
    ]),
  );
  out.line();
}

function time({ quarantinedAt }: QuarantinedMail): string {
  return quarantinedAt ?? '?';
}
