/**
 * The HTML of the local stack's web page: the way of mail as a picture with counts, then queue, parked, quarantined,
 * bounces, the function's log and metrics, then every GroupServer. Everything that came from outside is escaped.
 */
import { names } from './cloud.ts';
import type { LogLine, Metric } from './function-log.ts';
import { escapeHtml } from './group-server/escape-html.ts';
import { groupServerView } from './group-server/web-page-view.ts';
import type { QueuedMail } from './queued-mail.ts';
import { scriptedSenders } from './ses-verdicts.ts';
import type { Stack } from './stack.ts';
import { picture } from './web-page-picture.ts';
import { button, readable, row, section, timeText, untilText } from './web-page-text.ts';

/** The page around the live part. */
export function pageAround(main: string): string {
  return `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>smtp2gs: local stack</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="page.css">
    <script src="page.js" defer></script>
  </head>
  <body>
    <main>${main}</main>
  </body>
</html>
`;
}

/** The live part. */
export async function stackView(stack: Stack): Promise<string> {
  const now = stack.clock.now();
  const servers = await Promise.all(
    stack.sites.map(({ server }, index) => groupServerView(server, `groups/${index}/`)),
  );
  const quarantined = stack.quarantined().map((object) => {
    const why = Object.entries({ ...object.metadata, ...object.tags }).map(([name, value]) => `${name}: ${value}`);
    return row({
      from: object.key,
      subject: why.join(', '),
      small: `${object.size} bytes`,
      time: timeText(object.lastModified),
    });
  });
  const bounces = stack.bounces().map(({ id, to, recipients, sentAt }) => {
    const about = recipients.map(({ recipient, status }) => `${recipient} ${status}`).join(', ');
    return `<li class="row"><a class="from" href="bounces/${id}">${escapeHtml(to)}</a>
  <span class="subject">${escapeHtml(about)}</span><span class="small">bounce</span> ${timeText(sentAt)}</li>`;
  });
  return `<header>
  <h1>smtp2gs, local stack</h1>
  <p class="address">SMTP 127.0.0.1:${stack.smtpPort} · AWS ${escapeHtml(stack.awsUrl)} · ${escapeHtml(stack.folder)}</p>
</header>
${picture(stack)}
${controls(stack)}
${section(
  'In the queue',
  stack.queued().map((mail) => queuedRow(mail, now)),
  'No mail is queued.',
)}
${section(
  'Parked',
  stack.parked().map((mail) => parkedRow(mail)),
  'No mail is parked.',
)}
${section('Quarantined', quarantined, 'No mail is quarantined.')}
${section('Bounce mailbox', bounces, 'No bounce has been sent.')}
${section('Function log', stack.log.lines().map(logRow), 'The function has printed nothing.', 30)}
${section('Metrics', metricRows(stack.log.metrics()), 'The function has counted nothing.')}
${servers.map((view) => `<article class="server">${view}</article>`).join('\n')}
<footer>
  <p>The local part of the envelope sender sets the verdicts: ${Object.keys(scriptedSenders)
    .map((name) => `<code>${name}@…</code>`)
    .join(' ')}.
  Every other mail passes. Objects are in <code>${names.bucket}/${names.prefix}</code>.</p>
</footer>
`;
}

function controls(stack: Stack): string {
  const servers = stack.sites.map(({ server, domains }, index) => {
    const value = server.isOnline ? 'off' : 'on';
    return button(`Switch GroupServer ${value} (${domains.join(', ')})`, {
      do: 'group-server',
      site: String(index),
      value,
    });
  });
  const value = stack.mapping.enabled() ? 'off' : 'on';
  const delivery = button(`${value === 'off' ? 'Pause' : 'Resume'} delivery`, { do: 'delivery', value });
  const clock = [
    ['1 minute', '1'],
    ['1 hour', '60'],
  ].map(([label = '', minutes = '']) => button(`Turn the clock ${label} ahead`, { do: 'clock', value: minutes }));
  const ahead = Math.round(stack.clock.offset / 60_000);
  const note = ahead > 0 ? `<p class="note">The clock is ${ahead} min ahead.</p>` : '';
  return `<nav class="controls">${servers.join('')}${delivery}${clock.join('')}${note}</nav>`;
}

function queuedRow(mail: QueuedMail, now: number): string {
  const next = mail.state === 'waiting' ? `next try ${untilText(mail.nextAt - now)}` : mail.state;
  const tries = mail.attempts === 1 ? '1 try' : `${mail.attempts} tries`;
  const to = mail.recipients.join(', ') || 'no notification';
  return row({
    from: mail.source || '<>',
    subject: `${readable(mail.subject) || '(no subject)'} → ${to}`,
    small: `${tries}, ${next}`,
    time: timeText(mail.state === 'waiting' ? mail.nextAt : mail.sentAt),
  });
}

function parkedRow(mail: QueuedMail): string {
  const why = Object.values(mail.attributes).join(', ') || 'received too often';
  const subject = `${readable(mail.subject) || '(no subject)'} → ${mail.recipients.join(', ') || 'nobody known'}`;
  return row({ from: mail.source || '<>', subject, small: why, time: timeText(mail.sentAt) });
}

function logRow({ serial, at, text, fields }: LogLine): string {
  const { level, message, timestamp: _, ...rest } = fields;
  const said = typeof message === 'string' ? message : text;
  const details =
    Object.keys(rest).length > 0 ? `<pre class="text">${escapeHtml(JSON.stringify(rest, undefined, 2))}</pre>` : '';
  return `<li><details data-key="log/${serial}">
  <summary><span class="from">${escapeHtml(typeof level === 'string' ? level : '')}</span>
  <span class="subject">${escapeHtml(said)}</span><span class="small"></span> ${timeText(at)}</summary>${details}
</details></li>`;
}

/** One line for each metric and its dimensions: how many values, their sum, and the last of them. */
function metricRows(metrics: readonly Metric[]): string[] {
  const key = ({ name, dimensions }: Metric) => `${name} ${Object.values(dimensions).join(' ')}`;
  return [...Map.groupBy(metrics, key)].map(([name, values]) => {
    const sum = values.reduce((total, { value }) => total + value, 0);
    const { at = 0, unit = '' } = values.at(-1) ?? {};
    const small = unit === 'Count' ? String(sum) : `last ${values.at(-1)?.value ?? ''} ${unit}`;
    return row({ from: name, subject: `${values.length} values`, small, time: timeText(at) });
  });
}
