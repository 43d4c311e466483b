/**
 * The HTML of the web page: groups with their posts, relayed mail, bounces and the requests that were refused or went
 * wrong, newest first. Everything that came from outside goes through `escapeHtml`; links are relative to `base`.
 */
import { escapeHtml } from './escape-html.ts';
import type { GroupServer, Post, RecordedRequest, Relayed } from './record.ts';
import { shownMail } from './shown-mail.ts';

/** So many of each list are shown. */
const NEWEST = 50;

/** The page around the live part. */
export function pageAround(main: string): string {
  return `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Reference GroupServer</title>
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

/** The live part; `base` is put in front of its links, for a page that stands elsewhere (it ends with a slash). */
export async function groupServerView(server: GroupServer, base = ''): Promise<string> {
  const { posts, relayed, bounces, requests, duplicates } = server;
  const sections = await Promise.all(server.groups.map((groupId) => groupSection(server, groupId, base)));
  const trouble = requests.filter(wentWrong);
  const relayedMail = await Promise.all(newest(relayed).map(([mail, at]) => mailItem('relayed', at, mail, base)));
  return `<header>
  <h1>Reference GroupServer</h1>
  <p class="state ${server.isOnline ? 'online' : 'offline'}">${server.isOnline ? 'online' : 'offline'}</p>
  <p class="address">${escapeHtml(server.url)}</p>
</header>
<dl class="counts">
  ${count('posts', posts.length)}${count('duplicates', duplicates.length)}${count('relayed', relayed.length)}
  ${count('bounces', bounces.length)}${count('requests', requests.length)}${count('refused or failed', trouble.length)}
</dl>
${sections.join('\n')}
${section('Relayed to members', relayed.length, relayedMail, 'No mail has been relayed.')}
${section('Bounces', bounces.length, newest(bounces).map(bounceItem), 'No bounce has been recorded.')}
${section('Refused or failed requests', trouble.length, newest(trouble).map(troubleItem), 'Nothing went wrong.')}
`;
}

async function groupSection(server: GroupServer, groupId: string, base: string): Promise<string> {
  const own = server.posts.map((post, at) => [post, at] as const).filter(([post]) => post.groupId === groupId);
  const items = own.slice(-NEWEST).reverse();
  const rendered = await Promise.all(items.map(([post, at]) => mailItem('posts', at, post, base)));
  return section(groupId, own.length, rendered, 'No posts yet.');
}

function section(title: string, total: number, items: readonly string[], nothing: string): string {
  const more = total > items.length ? `<p class="nothing">${total - items.length} older ones are not shown.</p>` : '';
  const list = items.length > 0 ? `<ol>${items.join('')}</ol>${more}` : `<p class="nothing">${nothing}</p>`;
  return `<section><h2>${escapeHtml(title)} <span class="count">${total}</span></h2>${list}</section>`;
}

async function mailItem(list: 'posts' | 'relayed', index: number, item: Post | Relayed, base: string): Promise<string> {
  const mail = await shownMail(item.message);
  const at = `${escapeHtml(base)}${list}/${index}`;
  const files = mail.attachments.map(
    ({ name, size }, k) => `<li><a href="${at}/attachments/${k}">${escapeHtml(name)}</a> ${sizeText(size)}</li>`,
  );
  return `<li><details data-key="${list}/${index}">
  <summary>
    <span class="from">${escapeHtml(mail.from || '(no sender)')}</span>
    <span class="subject">${escapeHtml(mail.subject || '(no subject)')}</span>
    <span class="small">${files.length > 0 ? `${files.length} attached · ` : ''}${sizeText(item.message.size)}</span>
    ${timeOf(item.at)}
  </summary>
  <dl class="fields">
    <dt>To</dt><dd>${escapeHtml(mail.to || '(nobody)')}</dd>
    <dt>Date</dt><dd>${mail.date ? timeOf(mail.date.getTime()) : '(no date)'}</dd>
    <dt>SHA-256</dt><dd class="digest">${item.message.sha256}</dd>
  </dl>
  ${mail.note ? `<p class="note">${escapeHtml(mail.note)}</p>` : ''}
  <pre class="text">${escapeHtml(mail.text)}</pre>
  <ul class="files">${files.join('')}<li><a href="${at}/source">Source</a> ${sizeText(item.message.size)}</li></ul>
</details></li>`;
}

function bounceItem([bounce]: readonly [GroupServer['bounces'][number], number]): string {
  return `<li class="row">
  <span class="from">${escapeHtml(bounce.userEmail)}</span>
  <span class="subject">of ${escapeHtml(bounce.groupEmail)}</span>
  <span class="small">${bounce.userFound ? 'recorded' : 'no user was found'}</span> ${timeOf(bounce.at)}
</li>`;
}

function troubleItem([request]: readonly [RecordedRequest, number]): string {
  const refused = request.refused.length > 0 ? `refused: ${request.refused.join(', ')}` : '';
  const answer = request.answeredStatus === 'fault' ? 'no whole answer' : `answered ${request.answeredStatus}`;
  return `<li class="row">
  <span class="from">${escapeHtml(request.method)} ${escapeHtml(request.path)}</span>
  <span class="subject">${escapeHtml(refused || answer)}</span>
  <span class="small">${request.message ? sizeText(request.message.size) : ''}</span> ${timeOf(request.at)}
</li>`;
}

function wentWrong({ refused, answeredStatus }: RecordedRequest): boolean {
  return refused.length > 0 || answeredStatus === 'fault' || answeredStatus >= 300;
}

function newest<T>(list: readonly T[]): (readonly [T, number])[] {
  return list
    .map((entry, index) => [entry, index] as const)
    .slice(-NEWEST)
    .reverse();
}

function count(name: string, value: number): string {
  return `<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

function timeOf(milliseconds: number): string {
  const iso = new Date(milliseconds).toISOString();
  return `<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')} UTC</time>`;
}

function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
