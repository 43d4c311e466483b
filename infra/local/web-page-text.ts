/** Small pieces of HTML that the sections of the web page share. */
import { escapeHtml } from './group-server/escape-html.ts';

/** A time of day of the stack's clock, with the whole time behind it. */
export function timeText(milliseconds: number): string {
  const iso = new Date(milliseconds).toISOString();
  return `<time datetime="${iso}">${iso.slice(11, 19)} UTC</time>`;
}

/** How long until then: `in 59 s`, `in 20 min`, `in 3 h`; `now` when it is over. */
export function untilText(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds <= 0) return 'now';
  if (seconds < 120) return `in ${seconds} s`;
  return seconds < 7200 ? `in ${Math.round(seconds / 60)} min` : `in ${Math.round(seconds / 3600)} h`;
}

/** A heading with a count, and a list or what to say when it is empty. The newest come first. */
export function section(title: string, items: readonly string[], nothing: string, shown = 50): string {
  const newest = items.slice(-shown).toReversed();
  const older = items.length - newest.length;
  const more = older > 0 ? `<p class="nothing">${older} older ones are not shown.</p>` : '';
  const list = items.length > 0 ? `<ol>${newest.join('')}</ol>${more}` : `<p class="nothing">${nothing}</p>`;
  return `<section><h2>${escapeHtml(title)} <span class="count">${items.length}</span></h2>${list}</section>`;
}

/** One line of a list: who, what, a remark, and a time. */
export function row(parts: { from: string; subject: string; small: string; time: string }): string {
  return `<li class="row">
  <span class="from">${escapeHtml(parts.from)}</span>
  <span class="subject">${escapeHtml(parts.subject)}</span>
  <span class="small">${escapeHtml(parts.small)}</span> ${parts.time}
</li>`;
}

/** A button that is a form of its own, so that it works without the script. */
export function button(label: string, fields: Record<string, string>): string {
  const inputs = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  return `<form method="post" action="do">${inputs.join('')}<button>${escapeHtml(label)}</button></form>`;
}

/** A header's text with its encoded words (RFC 2047) read; what cannot be read stays as it is. */
export function readable(value: string): string {
  return value
    .replace(/(\?=)\s+(?==\?)/g, '$1')
    .replace(/=\?([\w-]+)\?([BQ])\?([^?]*)\?=/gi, (word, charset: string, coding: string, encoded: string) => {
      const quoted = encoded
        .replaceAll('_', ' ')
        .replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
      try {
        const bytes = coding.toUpperCase() === 'B' ? Buffer.from(encoded, 'base64') : Buffer.from(quoted, 'latin1');
        return new TextDecoder(charset).decode(bytes);
      } catch {
        return word;
      }
    });
}
