/**
 * The HTML of the local stack's web page: the way of mail as a picture with counts, the queue, where else mail has gone,
 * every GroupServer, and the function's log and metrics. Everything that came from outside is escaped.
 */
import { escapeHtml } from './group-server/escape-html.ts';
import { groupServerView } from './group-server/web-page-view.ts';
import { scriptedSenders } from './ses-verdicts.ts';
import type { Stack } from './stack.ts';
import { logRow, metricRows } from './web-page-log.ts';
import { bounceRow, parkedRow, quarantinedRow, queuedRow } from './web-page-mail.ts';
import { picture } from './web-page-picture.ts';
import { button, section } from './web-page-text.ts';

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
  const queued = stack.queued().map((mail) => queuedRow(mail, now));
  const elsewhere = [
    ['Parked', stack.parked().map(parkedRow)],
    ['Quarantined', stack.quarantined().map(quarantinedRow)],
    ['Bounce mailbox', stack.bounces().map(bounceRow)],
  ] as const;
  const servers = await Promise.all(
    stack.sites.map(({ server }, index) => groupServerView(server, `groups/${index}/`)),
  );
  const senders = Object.keys(scriptedSenders).map((name) => `<code>${name}@…</code>`);
  return `<header>
  <h1>smtp2gs, local stack</h1>
  <p class="address">SMTP 127.0.0.1:${stack.smtpPort} · AWS ${escapeHtml(stack.awsUrl)}</p>
</header>
${picture(stack)}
${controls(stack)}
${section('In the queue', queued, 'No mail is queued.')}
${elsewhere.map(([title, rows]) => (rows.length > 0 ? section(title, rows, '') : '')).join('')}
${servers.map((view) => `<article class="server">${view}</article>`).join('\n')}
<article class="server">
${section('Function log', stack.log.lines().map(logRow), 'The function has printed nothing.', 30)}
${section('Metrics', metricRows(stack.log.metrics()), 'The function has counted nothing.')}
</article>
<footer>
  <p>Mail from ${senders.join(', ')} gets that verdict from SES, whatever its domain; other mail passes.
  State: <code>${escapeHtml(stack.folder)}</code></p>
</footer>
`;
}

function controls(stack: Stack): string {
  const servers = stack.sites.map(({ server, domains }, index) => {
    const value = server.isOnline ? 'off' : 'on';
    const which = stack.sites.length > 1 ? ` (${domains.join(', ')})` : '';
    return button(`Switch GroupServer ${value}${which}`, { do: 'group-server', site: String(index), value });
  });
  const value = stack.mapping.enabled() ? 'off' : 'on';
  const delivery = button(value === 'off' ? 'Pause delivery' : 'Resume delivery', { do: 'delivery', value });
  const minute = button('Clock + 1 min', { do: 'clock', value: '1' });
  const hour = button('Clock + 1 h', { do: 'clock', value: '60' });
  const ahead = Math.round(stack.clock.offset / 60_000);
  const note = ahead > 0 ? `<p class="small">The clock is ${ahead} min ahead.</p>` : '';
  return `<nav class="controls">${servers.join('')}${delivery}${minute}${hour}${note}</nav>`;
}
