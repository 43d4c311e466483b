/**
 * Sends a POST along the redirects that may be followed: 301, 302, 307 and 308 are posted again, at most two hops, only
 * to the same host with the same scheme and port, or from http to https on the same host. The token is in the body, so
 * it never goes anywhere else: every other redirect is `server-unreachable` (spec/groupserver.md section 5).
 */
import { DeliveryFailure } from './delivery-status.ts';
import type { Answer, Post, PostRequest } from './transport.ts';

const hopLimit = 2;
const followed = new Set([301, 302, 307, 308]);

/** An answer that is no redirect, and the URL that gave it. */
export interface FinalAnswer {
  readonly answer: Answer;
  readonly url: URL;
}

/** Posts a request, again at each place where a redirect that may be followed leads to. */
export async function followRedirects(post: Post, request: PostRequest, signal: AbortSignal): Promise<FinalAnswer> {
  let url = request.url;
  for (let hops = 0; ; hops += 1) {
    const answer = await post({ ...request, url, body: () => request.body() }, signal);
    if (answer.status !== 303 && !followed.has(answer.status)) return { answer, url };
    answer.close();
    const refused = (why: string) =>
      new DeliveryFailure(
        'server-unreachable',
        `redirect from ${url.host}${url.pathname} (HTTP ${answer.status}) ${why}`,
        { httpStatus: answer.status },
      );
    if (answer.status === 303) throw refused('cannot carry a POST');
    const location = answer.headers.location;
    const next = location === undefined ? undefined : URL.parse(location, url.href);
    if (!next) throw refused('has no usable Location; mend the URL on the command line');
    if (!mayFollow(url, next))
      throw refused(`to ${next.protocol}//${next.host} not followed; mend the URL on the command line`);
    if (hops === hopLimit) throw refused(`is one too many, ${hopLimit} are followed`);
    next.hash = '';
    [next.username, next.password] = [url.username, url.password];
    url = next;
  }
}

function mayFollow(from: URL, to: URL): boolean {
  const samePlace = to.protocol === from.protocol && to.host === from.host;
  const upgrade = from.protocol === 'http:' && to.protocol === 'https:' && to.hostname === from.hostname;
  return samePlace || upgrade;
}
