/**
 * Keeps the web page of the reference GroupServer up to date: asks for its live part, and shows a new one without
 * closing what is open. It runs in the browser; the server has escaped all text by then.
 */
/* oxlint-disable typescript/no-unsafe-assignment, typescript/no-unsafe-member-access */
// @ts-nocheck: the types of this project are those of Node, which has no document

const EVERY = 1500;
const main = document.querySelector('main');
let etag = '';

function show(html) {
  const keysOf = (selector) => [...main.querySelectorAll(selector)].map((details) => details.getAttribute('data-key'));
  const open = keysOf('details[open]');
  main.replaceChildren();
  main.insertAdjacentHTML('afterbegin', html);
  for (const key of open) main.querySelector(`details[data-key="${key}"]`)?.toggleAttribute('open', true);
}

async function refresh() {
  try {
    const response = await fetch('fragment', { headers: { 'if-none-match': etag }, cache: 'no-store' });
    if (response.ok) {
      etag = response.headers.get('etag') ?? '';
      show(await response.text());
    }
    document.body.classList.toggle('lost', !response.ok && response.status !== 304);
  } catch {
    document.body.classList.add('lost');
  }
  setTimeout(() => void refresh(), EVERY);
}

void refresh();
