/**
 * The four requests to a GroupServer site: look a group up, add a post, relay to a member, record a bounce. It knows
 * the paths, the fields and what the answers mean (spec/groupserver.md sections 1 and 3); it does not know how HTTP is
 * spoken. It throws DeliveryFailures; success needs a positive sign, and text of the server is never quoted.
 */
import { type Asked, type Page, readForm, readLookUp } from './answer.ts';
import { DeliveryFailure } from './delivery-status.ts';
import { followRedirects } from './follow-redirects.ts';
import type { Message } from './message.ts';
import { type FormValue, multipart } from './multipart.ts';
import type { Post } from './transport.ts';

export type TimeSource = 'server' | 'message';

export interface GroupServerOptions {
  /** The site as configured; whatever path it has is ignored. */
  readonly site: URL;
  readonly token: string;
  readonly timeSource: TimeSource;
  readonly post: Post;
}

/** A group that can be posted to. */
export interface Group {
  readonly id: string;
  /** Where the look-up was answered, when it was; a site that has moved is posted to at its new place. */
  readonly lookedUpAt?: URL;
}

export interface GroupServer {
  /** Finds the group of an address; throws `no-group` when there is none. */
  findGroup(address: string, signal: AbortSignal): Promise<Group>;
  addPost(group: Group, message: Message, idempotencyKey: string, signal: AbortSignal): Promise<void>;
  /** Relays to the member that the message's own `To` names. */
  relay(message: Message, idempotencyKey: string, signal: AbortSignal): Promise<void>;
  recordBounce(
    bounce: { groupAddress: string; userAddress: string },
    idempotencyKey: string,
    signal: AbortSignal,
  ): Promise<void>;
}

export const pages = {
  'look-up': '/gs-group-messages-add-group-exists.html',
  add: '/gs-group-messages-add-email.html',
  relay: '/gs-profile-email-relay.html',
  bounce: '/gs-group-member-bounce.html',
} as const satisfies Record<Page, string>;

/** Makes the requests to one site; it holds no state, so one serves many deliveries. */
export function groupServer({ site, token, timeSource, post }: GroupServerOptions): GroupServer {
  /** Submits a form and hands its answer to a reader; the answer is closed behind it, whatever it made of it. */
  const ask = async <T>(
    page: Page,
    fields: Record<string, FormValue>,
    { signal, key, at }: { signal: AbortSignal; key?: string; at?: URL | undefined },
    read: (asked: Asked) => Promise<T>,
  ): Promise<T> => {
    const form = multipart({ ...fields, 'form.token': token });
    const url = new URL(pages[page], at ?? site);
    const headers = {
      ...authorization(site),
      'content-type': form.contentType,
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    };
    const final = await followRedirects(post, { url, headers, length: form.length, body: () => form.read() }, signal);
    try {
      return await read({ ...final, page, sent: form.length });
    } finally {
      final.answer.close();
    }
  };
  const accepted = (asked: Asked) => readForm(asked, false);

  return {
    async findGroup(address, signal) {
      const fields = { 'form.email': address, 'form.actions.check': 'Check' };
      return await ask('look-up', fields, { signal }, async (asked) => {
        const id = await readLookUp(asked);
        if (id === null) throw new DeliveryFailure('no-group', address, { httpStatus: asked.answer.status });
        return { id, lookedUpAt: asked.url };
      });
    },
    async addPost({ id, lookedUpAt }, message, key, signal) {
      const fields = {
        'form.emailMessage': message,
        'form.groupId': id,
        'form.timeSource': timeSource,
        'form.actions.add': 'Add',
      };
      await ask('add', fields, { signal, key, at: lookedUpAt }, (asked) =>
        readForm(asked, lookedUpAt?.origin === asked.url.origin),
      );
    },
    async relay(message, key, signal) {
      await ask('relay', { 'form.emailMessage': message, 'form.actions.relay': 'Relay' }, { signal, key }, accepted);
    },
    async recordBounce({ groupAddress, userAddress }, key, signal) {
      const fields = {
        'form.userEmail': userAddress,
        'form.groupEmail': groupAddress,
        'form.actions.handle': 'Handle',
      };
      await ask('bounce', fields, { signal, key }, accepted);
    },
  };
}

/** `user:password@` in the URL is sent as Basic authentication (RFC 7617), as 3.x did. */
function authorization(site: URL): Record<string, string> {
  if (site.username === '' && site.password === '') return {};
  const credentials = `${decodeURIComponent(site.username)}:${decodeURIComponent(site.password)}`;
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}
