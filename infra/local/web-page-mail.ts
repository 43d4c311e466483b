/** The lines of the web page that stand for mail: queued, parked, quarantined, bounced. */
import type { SentBounce } from './aws/ses-send-bounce.ts';
import { escapeHtml } from './group-server/escape-html.ts';
import type { QuarantinedMail } from './quarantined-mail.ts';
import type { QueuedMail } from './queued-mail.ts';
import { readable, row, timeText, untilText } from './web-page-text.ts';

const whatFor = (mail: QueuedMail) =>
  `${readable(mail.subject) || '(no subject)'} → ${mail.recipients.join(', ') || 'nobody known'}`;

/** A mail in the queue, with its tries and the next one. */
export function queuedRow(mail: QueuedMail, now: number): string {
  const isWaiting = mail.state === 'waiting';
  const next = isWaiting ? `next ${untilText(mail.nextAt - now)}` : mail.state;
  const tries = mail.attempts === 1 ? '1 try' : `${mail.attempts} tries`;
  const time = timeText(isWaiting ? mail.nextAt : mail.sentAt);
  return row({ from: mail.source || '<>', subject: whatFor(mail), small: `${tries}, ${next}`, time });
}

/** A parked mail, with the reason; without one SQS gave it up. */
export function parkedRow(mail: QueuedMail): string {
  const why = Object.values(mail.attributes).join(', ') || 'received too often';
  return row({ from: mail.source || '<>', subject: whatFor(mail), small: why, time: timeText(mail.sentAt) });
}

/** A quarantined mail, with the reason. */
export function quarantinedRow({ source, recipients, reason, at }: QuarantinedMail): string {
  return row({ from: source || '<>', subject: `→ ${recipients.join(', ')}`, small: reason, time: timeText(at) });
}

/** A bounce that was sent, which can be looked at. */
export function bounceRow({ id, to, recipients, sentAt }: SentBounce): string {
  const about = recipients.map(({ recipient, status }) => `${recipient} ${status}`).join(', ');
  return `<li class="row"><a class="from" href="bounces/${id}">${escapeHtml(to)}</a>
  <span class="subject">${escapeHtml(about)}</span><span class="small"></span> ${timeText(sentAt)}</li>`;
}
