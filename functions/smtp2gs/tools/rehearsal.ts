/**
 * A transport that sends nothing: it notes each request and answers as it is told. With it the core itself shows what it
 * would do.
 */
import type { Answer, Post, PostRequest } from '../../core/transport.ts';

export interface Rehearsal {
  readonly post: Post;
  /** What would have been sent. */
  readonly requests: readonly Pick<PostRequest, 'url' | 'headers' | 'length'>[];
}

/** Makes such a transport. */
export function rehearsal(answer: (request: PostRequest) => { status: number; body: string }): Rehearsal {
  const requests: PostRequest[] = [];
  return {
    requests,
    post: async (request): Promise<Answer> => {
      requests.push(request);
      const { status, body } = answer(request);
      return await Promise.resolve({ status, headers: {}, body: readable(body), close: () => undefined });
    },
  };
}

/** The page of a server that accepted a form: a status box without its error class. */
export const acceptance = '<div id="gs-content-form-base-message" class="alert alert-info"><p>Done</p></div>';

async function* readable(text: string) {
  yield await Promise.resolve(Buffer.from(text));
}
