/**
 * Preloaded into a process, it prints which files of ours and of libraries are loaded: one line `loaded URL` for each.
 */
import { registerHooks } from 'node:module';

registerHooks({
  load(url, context, nextLoad) {
    if (url.startsWith('file:')) console.log(`loaded ${url}`);
    return nextLoad(url, context);
  },
});
