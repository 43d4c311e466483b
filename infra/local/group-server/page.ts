/**
 * The four pages of GroupServer that take mail: where they are, which fields their forms have, and what the forms
 * refuse. It decides about values only; the work that an accepted form starts is in work.ts.
 */
import type { ReadForm } from './read-form.ts';
import type { Generation } from './record.ts';

/** A page, named by what it is asked for. */
export type Page = 'look-up' | 'add' | 'relay' | 'bounce';

/** A field that was refused, with the server's own words. */
export interface Problem {
  label: string;
  text: string;
}

interface Field {
  /** Without the prefix `form.`. */
  name: string;
  label: string;
  kind: 'line' | 'message' | 'group' | 'time-source' | 'token';
}

interface PageForm {
  path: string;
  title: string;
  /** The button, and the name of the field that it sends. */
  action: { name: string; label: string };
  fields: readonly Field[];
}

const token: Field = { name: 'token', label: 'Token', kind: 'token' };
const emailMessage: Field = { name: 'emailMessage', label: 'Email message', kind: 'message' };

/** Every page and its form. */
export const pages = {
  'look-up': {
    path: '/gs-group-messages-add-group-exists.html',
    title: 'Check that a group exists',
    action: { name: 'actions.check', label: 'Check' },
    fields: [{ name: 'email', label: 'Email address', kind: 'line' }, token],
  },
  add: {
    path: '/gs-group-messages-add-email.html',
    title: 'Add an email',
    action: { name: 'actions.add', label: 'Add' },
    fields: [
      emailMessage,
      { name: 'groupId', label: 'Group identifier', kind: 'group' },
      { name: 'timeSource', label: 'Time source', kind: 'time-source' },
      token,
    ],
  },
  relay: {
    path: '/gs-profile-email-relay.html',
    title: 'Relay an email',
    action: { name: 'actions.relay', label: 'Relay' },
    fields: [emailMessage, token],
  },
  bounce: {
    path: '/gs-group-member-bounce.html',
    title: 'Handle a bounce',
    action: { name: 'actions.handle', label: 'Handle' },
    fields: [
      { name: 'userEmail', label: 'User email address', kind: 'line' },
      { name: 'groupEmail', label: 'Group email address', kind: 'line' },
      token,
    ],
  },
} as const satisfies Record<Page, PageForm>;

/** The names of all pages. */
export const pageNames: readonly Page[] = ['look-up', 'add', 'relay', 'bounce'];

/** The page at this path (a query does not matter), if it is one of the four. */
export function pageAt(path: string): Page | undefined {
  const [bare] = path.split('?', 1);
  return pageNames.find((page) => pages[page].path === bare);
}

/** What the server says of a wrong token; it quotes it. */
export function wrongToken(token: string): string {
  return `The token "${token}" does not match the one of this site.`;
}

/** What the form of this page refuses; an empty list is an accepted form. */
export function problemsOf(
  page: Page,
  form: ReadForm,
  server: { token: string; groups: readonly string[]; generation: Generation },
): Problem[] {
  const check = (field: Field): string | undefined => {
    if (form.files.has(field.name)) return 'A file is not accepted here.';
    if (form.repeated.has(field.name)) return 'One value is accepted here.';
    if (field.kind === 'message') {
      if (form.undecodable) return 'The value is not base64.';
      return form.message?.size ? undefined : 'Required input is missing.';
    }
    // Servers before the last generation do not know the field, and Zope ignores what it does not know.
    if (field.kind === 'time-source' && (server.generation < 2014 || !form.fields.has(field.name))) return undefined;
    const value = form.fields.get(field.name);
    if (!value) return 'Required input is missing.';
    if (field.kind === 'token') {
      return value === server.token ? undefined : wrongToken(value);
    }
    if (!/^[\x20-\x7e]*$/.test(value)) return 'One line of ASCII characters is accepted here.';
    if (field.kind === 'group' && !server.groups.includes(value)) return 'There is no such group on this site.';
    if (field.kind === 'time-source' && value !== 'server' && value !== 'message') return 'The value is not a choice.';
    return undefined;
  };
  return pages[page].fields.flatMap((field) => {
    const text = check(field);
    return text === undefined ? [] : [{ label: field.label, text }];
  });
}
