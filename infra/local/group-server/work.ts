/**
 * What an accepted form starts at the reference GroupServer: a look-up, a post, a relayed message or a bounce. It
 * records, and answers like the real one, a refused form included.
 */
import { type Answer, htmlAnswer } from './answer.ts';
import { formPage } from './form-page.ts';
import { type Page, pages, problemsOf } from './page.ts';
import type { ReadForm } from './read-form.ts';
import type { Bounce, Generation, Post, RecordedRequest, Relayed, StoredMessage } from './record.ts';

/** What the server is and remembers. */
export interface Site {
  token: string;
  readonly groups: readonly string[];
  readonly domains: readonly string[];
  readonly members: readonly string[] | undefined;
  readonly generation: Generation;
  readonly repeatedAdd: 'drop' | 'error';
  readonly requests: RecordedRequest[];
  readonly posts: Post[];
  readonly duplicates: Post[];
  readonly relayed: Relayed[];
  readonly bounces: Bounce[];
  /** The index of a post by group and identity. */
  readonly known: Map<string, number>;
}

/** Processes the form of a page; `record` gets the refused labels. */
export function work(site: Site, page: Page, form: ReadForm, record: RecordedRequest): Answer {
  // Zope processes a form when its button is in it, and shows it otherwise.
  if (!form.fields.has(pages[page].action.name)) return htmlAnswer(formPage(page, site.generation, undefined));
  const problems = problemsOf(page, form, site);
  if (problems.length > 0) {
    record.refused = problems.map(({ label }) => label);
    return htmlAnswer(formPage(page, site.generation, { refused: problems }, echoOf(form)));
  }
  return processors[page](site, form, record);
}

const processors: Record<Page, (site: Site, form: ReadForm, record: RecordedRequest) => Answer> = {
  'look-up': (site, form) => lookUp(site, form.fields.get('email') ?? ''),
  add: addPost,
  relay(site, form, record) {
    if (form.message) site.relayed.push({ to: toOf(form.message), message: form.message, ...keyAndTime(record) });
    return done(site, 'relay', 'Done');
  },
  bounce(site, form, record) {
    const userEmail = form.fields.get('userEmail') ?? '';
    const groupEmail = form.fields.get('groupEmail') ?? '';
    const userFound = !site.members || site.members.some((member) => sameText(member, userEmail));
    site.bounces.push({ userEmail, groupEmail, userFound, ...keyAndTime(record) });
    return done(site, 'bounce', userFound ? 'Done' : `No user was found for the address ${userEmail}.`);
  },
};

function lookUp(site: Site, email: string): Answer {
  const at = email.lastIndexOf('@');
  const group = site.groups.find((id) => sameText(id, email.slice(0, at)));
  const domain = site.domains.find((name) => sameText(name, email.slice(at + 1)));
  const found =
    group !== undefined && domain !== undefined
      ? { email, siteId: 'example', groupId: group, siteURL: `https://${domain}` }
      : { email, siteId: null, groupId: null, siteURL: null };
  const contentType = site.generation < 2014 ? 'text/plain; charset=utf-8' : 'application/json';
  return { status: 200, headers: { 'content-type': contentType }, body: Buffer.from(JSON.stringify(found)) };
}

function addPost(site: Site, form: ReadForm, record: RecordedRequest): Answer {
  const groupId = form.fields.get('groupId') ?? '';
  if (form.message) {
    const timeSource = form.fields.get('timeSource') ?? '';
    const post: Post = { groupId, message: form.message, timeSource, ...keyAndTime(record) };
    const identity = `${groupId} ${form.identity}`;
    const duplicateOf = site.known.get(identity);
    if (duplicateOf === undefined) {
      site.known.set(identity, site.posts.length);
      site.posts.push(post);
    } else {
      site.duplicates.push({ ...post, duplicateOf });
      if (site.repeatedAdd === 'error') {
        return htmlAnswer('<html><head><title>Error</title></head><body><h1>Site Error</h1></body></html>', 500);
      }
    }
  }
  return done(site, 'add', 'Done');
}

function done(site: Site, page: Page, text: string): Answer {
  return htmlAnswer(formPage(page, site.generation, { done: text }));
}

/** What a refused form shows again; a big message only in part. */
function echoOf(form: ReadForm): ReadonlyMap<string, string> {
  const echo = new Map(form.fields);
  if (form.message) echo.set('emailMessage', form.message.head.toString('base64'));
  return echo;
}

function keyAndTime(record: RecordedRequest): { idempotencyKey?: string; at: number } {
  const key = record.headers['idempotency-key'];
  return { ...(key === undefined ? {} : { idempotencyKey: key }), at: Date.now() };
}

/** The first `To` field, unfolded; empty when there is none. */
function toOf(message: StoredMessage): string {
  const [header = ''] = message.head.toString('latin1').split(/\r?\n\r?\n/, 1);
  const field = /^to[ \t]*:(.*(?:\r?\n[ \t].*)*)/im.exec(header)?.[1] ?? '';
  return field.replace(/\r?\n/g, '').trim();
}

function sameText(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
