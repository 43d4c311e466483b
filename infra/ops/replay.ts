/**
 * `npm run replay`: announces stored mail to the function once more, where the notification was lost. An object in S3 has
 * no envelope, so the recipients are what the operator says, or else the one that SES has written on top of the mail;
 * what a header says that anybody could have written is never taken for a recipient.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { clientConfig, s3Client } from './aws-clients.ts';
import { type Context, type Outcome, runCommand } from './command.ts';
import type { CommandLine } from './command-line.ts';
import { counted } from './counted.ts';
import { UsageError } from './failure.ts';
import { inGroups } from './in-groups.ts';
import { pointInTime } from './point-in-time.ts';
import { quarantinedIds } from './quarantine-notes.ts';
import { againAttribute, stringAttribute } from './queue-attributes.ts';
import { delivered, type PlannedReplay, planReplay, type ReplayRules } from './replay-plan.ts';
import { findStored, listStored, type StoredMail } from './stored-mail.ts';

await runCommand({
  name: 'replay',
  operands: '[MESSAGE-ID…]',
  text: `Delivers stored mail whose notification was lost: by SES's message id, or all that
was stored since a time. What the ledger knows as delivered, and what is in
quarantine, is left out.

The envelope of a stored mail is gone. SES writes one recipient into the mail, and
that one is taken; if the mail had more of them, name them all with --recipient.
Where the notification still exists, use it: "npm run redrive" for parked mail,
"npm run redrive -- --undelivered" for what SNS could not bring to the queue.`,
  options: [
    { name: 'since', value: 'TIME', text: 'All mail stored since then: 2026-11-22T08:00Z, or 90m, 2h, 3d ago.' },
    { name: 'until', value: 'TIME', text: 'With --since: and until then.' },
    { name: 'recipient', value: 'ADDRESS', isRepeatable: true, text: 'With message ids: the envelope recipients.' },
    { name: 'again', text: 'Deliver even what the ledger knows as delivered; the group gets it twice.' },
  ],
  isChange: true,
  check,
  run: replay,
});

function check(line: CommandLine): void {
  const hasIds = line.operands.length > 0;
  if (hasIds === line.has('since')) throw new UsageError('give message ids, or --since a time');
  if (line.has('until') && hasIds) throw new UsageError('--until goes with --since');
  if (line.has('recipient') && !hasIds)
    throw new UsageError('--recipient goes with message ids: not all mail had the same recipient');
  const bad = line.values('recipient').find((address) => !/^[^\s@]+@[^\s@]+$/.test(address));
  if (bad !== undefined) throw new UsageError(`"${bad}" is no address`);
  spanOf(line);
}

async function replay(context: Context): Promise<Outcome> {
  const { stack, line, isMeant, out, signal } = context;
  const s3 = s3Client(stack.region);
  const bucket = stack.output('MailBucketName');
  const stored = await storedMail(s3, bucket, context);
  const { notes, mails } = await quarantinedIds(s3, bucket);
  const rules: ReplayRules = {
    s3,
    dynamodb: new DynamoDBClient(clientConfig(stack.region)),
    bucket,
    topicArn: stack.output('MailTopicArn'),
    ledgerTable: stack.output('LedgerTableName'),
    quarantined: new Set([...notes].filter((id) => mails.has(id))),
    domains: stack.parameter('RecipientDomains').split(','),
    recipients: line.values('recipient'),
    isAgain: line.has('again'),
  };
  const plan = async (mail: StoredMail) => await planReplay(mail, rules);
  const plans = await inGroups(stored, signal, plan, (count) =>
    out.progress(`${count} of ${stored.length} mails read`),
  );
  const chosen = plans.filter(({ leftOut }) => leftOut === null);
  const result = { looked: plans.length, mails: plans };
  show(plans, out);
  if (!isMeant || chosen.length === 0) {
    if (!isMeant && chosen.length > 0)
      out.line(`Dry run: ${counted(chosen.length, 'mail')} would be delivered. Add --yes to do it.`, 'bold');
    // Who names a mail wants it delivered.
    const isWell =
      line.operands.length === 0 || plans.every(({ leftOut }) => leftOut === null || leftOut === delivered);
    return { isWell, result: { ...result, chosen: chosen.length } };
  }

  const sqs = new SQSClient(clientConfig(stack.region));
  const QueueUrl = stack.output('MailQueueUrl');
  // The function passes over the ledger once for each text.
  const MessageAttributes = rules.isAgain
    ? { [againAttribute]: stringAttribute(`replay ${new Date().toISOString()}`) }
    : undefined;
  const announce = async ({ notification }: PlannedReplay) =>
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(notification), MessageAttributes }));
  const { length } = await inGroups(chosen, signal, announce, (count) =>
    out.progress(`${count} of ${chosen.length} mails sent`),
  );
  out.marked('✓', 'green', `In the queue: ${counted(length, 'mail')}.`);
  return { isWell: true, result: { ...result, chosen: chosen.length, replayed: length } };
}

async function storedMail(
  s3: S3Client,
  bucket: string,
  { line, out, signal }: Context,
): Promise<readonly StoredMail[]> {
  const span = spanOf(line);
  if (!span) return await inGroups(line.operands, signal, (id) => findStored(s3, bucket, id));
  out.line(`Mail stored from ${span.since.toISOString()} until ${span.until.toISOString()}:`);
  return await listStored(s3, bucket, { ...span, signal, seen: (count) => out.progress(`${count} objects seen`) });
}

function spanOf(line: CommandLine): { since: Date; until: Date } | undefined {
  const since = line.value('since');
  const until = line.value('until');
  if (since === undefined) return undefined;
  return { since: pointInTime(since), until: until === undefined ? new Date() : pointInTime(until) };
}

function show(plans: readonly PlannedReplay[], out: Context['out']): void {
  if (plans.length === 0) {
    out.line('There is none.');
    return;
  }
  // What is to be delivered comes first: the table may end before the list does.
  const rows = plans.toSorted((a, b) => Number(a.leftOut !== null) - Number(b.leftOut !== null));
  out.table(
    ['MESSAGE ID', 'STORED', 'FROM', 'TO', ''],
    rows.map((mail) => [mail.messageId, mail.storedAt, mail.sender ?? '?', mail.recipients.join(' '), remark(mail)]),
  );
  for (const [reason, { length }] of Map.groupBy(plans, ({ leftOut }) => leftOut))
    if (reason !== null) out.line(`${length} left out: ${reason}`);
  out.line();
}

function remark({ leftOut, alsoNamed }: PlannedReplay): string {
  if (leftOut !== null) return leftOut;
  return alsoNamed.length > 0 ? `To or Cc also names ${alsoNamed.join(' ')}` : '';
}
