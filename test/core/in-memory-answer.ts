/**
 * Answers and a transport in memory, for tests of what stands above the transport: they do what its contract
 * (functions/core/transport.ts) says and nothing more. Real servers are in the scenarios.
 */
import type { Answer, Post, PostRequest } from '../../functions/core/transport.ts';
import { watched } from './pieces.ts';

export interface GivenAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly pieces?: readonly Uint8Array[];
}

/** An answer that tells afterwards what was made of it. */
export interface WatchedAnswer extends Answer {
  readonly asked: number;
  readonly isClosed: boolean;
}

/** Makes an answer whose body comes in one buffer that is used again. */
export function answerOf({ status, headers = {}, pieces = [] }: GivenAnswer): WatchedAnswer {
  const body = watched(pieces);
  const state = { isClosed: false };
  return {
    status,
    headers,
    body,
    get asked() {
      return body.asked;
    },
    get isClosed() {
      return state.isClosed;
    },
    close: () => {
      state.isClosed = true;
    },
  };
}

export interface Sent {
  /** Without its hash: that is never sent. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly length: number;
  readonly body: Buffer;
  readonly signal: AbortSignal;
}

export interface InMemorySite {
  readonly post: Post;
  readonly sent: Sent[];
  readonly answers: WatchedAnswer[];
}

/** Makes a transport to a site that gives these answers in turn, the last one again and again. */
export function siteOf(given: readonly GivenAnswer[]): InMemorySite {
  const sent: Sent[] = [];
  const answers: WatchedAnswer[] = [];
  const post = async (request: PostRequest, signal: AbortSignal): Promise<Answer> => {
    const pieces: Buffer[] = [];
    for await (const piece of request.body()) pieces.push(Buffer.from(piece));
    const { url, headers, length } = request;
    sent.push({ url: new URL(url), headers, length, body: Buffer.concat(pieces), signal });
    const answer = answerOf(given[Math.min(answers.length, given.length - 1)] ?? { status: 500 });
    answers.push(answer);
    return answer;
  };
  return { post, sent, answers };
}
