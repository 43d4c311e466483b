/** The way to GroupServer for all mail of this process; each request is measured up to the header of its answer. */
import type { Post } from '../core/transport.ts';
import { measure } from './metrics.ts';
import { undiciTransport } from './undici-transport.ts';

const transport = undiciTransport();

export const post: Post = async (request, signal) => {
  const start = performance.now();
  try {
    return await transport(request, signal);
  } finally {
    measure('HttpMilliseconds', performance.now() - start);
  }
};
