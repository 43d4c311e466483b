/**
 * Checks the token the only way there is: by a look-up, of an address that is hardly a group's. A look-up changes nothing
 * on the server.
 */
import type { Config } from '../../../core/config.ts';
import { statusOf, statusText } from '../../../core/delivery-status.ts';
import { groupServer } from '../../../core/groupserver.ts';
import { httpTransport } from '../../http-transport.ts';
import { deadline } from '../deadline.ts';
import type { Trust } from './check-certificate.ts';
import { type Finding, failed, ok } from './finding.ts';

const check = 'token';

/** Seconds. A server that needs longer for a look-up is in trouble. */
const timeLimit = 20;

/** Asks for a group. */
export async function checkToken(site: URL, { token }: Config, path: string, trust: Trust): Promise<Finding> {
  const server = groupServer({ site, token, timeSource: 'server', post: httpTransport(trust) });
  const end = deadline(timeLimit);
  const begun = performance.now();
  try {
    await server.findGroup(`smtp2gs-doctor@${site.hostname}`, end.signal).catch((error: unknown) => {
      if (statusOf(error).kind !== 'no-group') throw error;
    });
    return ok(check, `the site takes it; a look-up took ${Math.ceil(performance.now() - begun)} ms`);
  } catch (error) {
    const status = statusOf(error);
    return failed(check, `${status.code} ${statusText(status)}`, remedyFor(status.httpStatus, path));
  } finally {
    end.done();
  }
}

function remedyFor(httpStatus: number | undefined, path: string): string {
  if (httpStatus === 200) return `write the token that the site has in its own gsconfig.ini into ${path}`;
  if (httpStatus === undefined) return 'see the checks above; otherwise the log of the web server';
  return `see the log of the web server, and smtp2gs explain --http ${httpStatus} --page look-up`;
}
