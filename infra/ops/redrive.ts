/**
 * `npm run redrive`: shows what is parked and why, and puts it back into the MailQueue. All of it by SQS's own move task;
 * some of it, and what SNS could not bring to the queue, message by message: sent first and deleted then, so that it may
 * be there twice but never lost. The ledger keeps the function from delivering twice.
 */
import { DeleteMessageCommand, type Message, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { clientConfig } from './aws-clients.ts';
import { type Context, type Outcome, runCommand } from './command.ts';
import type { CommandLine } from './command-line.ts';
import { counted } from './counted.ts';
import { UsageError } from './failure.ts';
import { holdMessages } from './hold-messages.ts';
import { inGroups } from './in-groups.ts';
import { moveAll } from './move-all.ts';
import { type ParkedMail, parkedMail } from './parked-mail.ts';
import { queueDepth } from './queue-depth.ts';

await runCommand({
  name: 'redrive',
  text: `Shows the parked mail with the reasons, and puts it back into the queue.
It is then tried again, once if it is older than 20 hours; what fails is parked
again and gets new 14 days. Recipients that have the mail do not get it twice.`,
  options: [
    { name: 'reason', value: 'TEXT', text: 'Only mail whose reason contains this, in any letter case.' },
    { name: 'limit', value: 'N', text: 'No more than so many, for instance 1 to see how it goes.' },
    { name: 'undelivered', text: 'Not parked mail, but notifications that SNS could not bring to the queue.' },
  ],
  isChange: true,
  check: (line) => void limitOf(line),
  run: redrive,
});

async function redrive(context: Context): Promise<Outcome> {
  const { stack, line, isMeant, out, signal } = context;
  const sqs = new SQSClient(clientConfig(stack.region));
  const isUndelivered = line.has('undelivered');
  const from = stack.output(isUndelivered ? 'UndeliveredNoticeQueueUrl' : 'ParkQueueUrl');
  const adjective = isUndelivered ? 'undelivered' : 'parked';
  const { visible } = await queueDepth(sqs, from);

  // SQS moves from the dead-letter queue of a queue only, not from that of a subscription.
  if (isMeant && !isUndelivered && line.value('reason') === undefined && line.value('limit') === undefined) {
    const moved = visible === 0 ? 0 : await moveAll(sqs, context);
    report(moved, adjective, out);
    return { isWell: true, result: { moved } };
  }

  const isWanted = withReason(line.value('reason'));
  const chosenOf = (messages: readonly Message[]) =>
    messages.filter((message) => isWanted(parkedMail(message))).slice(0, limitOf(line));
  const wantsMore = (messages: readonly Message[]) => {
    out.progress(`${messages.length} of about ${visible} ${adjective} mails read`);
    return chosenOf(messages).length < limitOf(line);
  };
  // All are read before the first is moved: the function may park it again at once.
  return await holdMessages({ sqs, queueUrl: from, signal, wantsMore }, async (messages) => {
    const chosen = chosenOf(messages);
    if (!isMeant) {
      const mails = chosen.map(parkedMail);
      show(mails, adjective, out);
      return { isWell: true, result: { found: mails.length, mails } };
    }
    const moveOne = async (message: Message) => await move(sqs, message, from, stack.output('MailQueueUrl'));
    const mails = await inGroups(chosen, signal, moveOne, (count) =>
      out.progress(`${count} of ${chosen.length} mails moved`),
    );
    report(mails.length, adjective, out);
    return { isWell: true, result: { moved: mails.length, mails } };
  });
}

function limitOf(line: CommandLine): number {
  const text = line.value('limit');
  if (text !== undefined && !/^[1-9]\d{0,8}$/.test(text))
    throw new UsageError('--limit must be a whole number of at least 1');
  return text === undefined ? Number.POSITIVE_INFINITY : Number(text);
}

function withReason(wanted = ''): (mail: ParkedMail) => boolean {
  return ({ reason }) => reason.toLowerCase().includes(wanted.toLowerCase());
}

async function move(sqs: SQSClient, message: Message, from: string, to: string): Promise<ParkedMail> {
  const { Body, MessageAttributes, ReceiptHandle } = message;
  await sqs.send(new SendMessageCommand({ QueueUrl: to, MessageBody: Body, MessageAttributes }));
  await sqs.send(new DeleteMessageCommand({ QueueUrl: from, ReceiptHandle }));
  return parkedMail(message);
}

function report(moved: number, adjective: string, out: Context['out']): void {
  if (moved === 0) out.line(`No such mail is ${adjective}.`);
  else out.marked('✓', 'green', `Back in the queue: ${counted(moved, `${adjective} mail`)}.`);
}

function show(mails: readonly ParkedMail[], adjective: string, out: Context['out']): void {
  if (mails.length === 0) {
    out.line(`No such mail is ${adjective}.`);
    return;
  }
  const reasons = [...Map.groupBy(mails, ({ reason }) => reason)].toSorted(([, a], [, b]) => b.length - a.length);
  for (const [reason, { length }] of reasons) out.line(`${length} × ${reason}`);
  out.line();
  out.table(
    ['MESSAGE ID', 'RECEIVED', 'FROM', 'TO'],
    mails.map(({ messageId, receivedAt, sender, recipients, text }) => [
      messageId ?? '?',
      receivedAt ?? '?',
      sender ?? '?',
      recipients.join(' ') || (text ?? '').slice(0, 60),
    ]),
  );
  out.line();
  out.line(`Dry run: ${counted(mails.length, 'mail')} would go back into the queue. Add --yes to do it.`, 'bold');
}
