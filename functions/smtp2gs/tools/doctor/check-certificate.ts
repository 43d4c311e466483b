/**
 * Checks the certificate of an https site: its chain, its names, its expiry.
 */
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { connectTimeout } from '../../../core/transport.ts';
import { codeOf } from '../../input-file.ts';
import { hostOf, portOf } from './check-network.ts';
import { type Finding, failed, ok, warning } from './finding.ts';

const check = 'certificate';

/** Days. Who renews by hand wants to know in time. */
const soon = 14;

export interface Trust {
  /** PEM, instead of the well-known certificate authorities. */
  readonly ca: string | undefined;
  readonly insecure: boolean;
}

/** Asks the server for its certificate. */
export async function checkCertificate(url: URL, { ca, insecure }: Trust): Promise<Finding> {
  if (url.protocol !== 'https:') {
    return warning(
      check,
      'the URL begins with http: the token can be read on the way',
      'use https, if the site has it',
    );
  }
  let socket: TLSSocket | undefined;
  try {
    socket = await handshake(url, ca);
    const end = socket.getPeerCertificate().valid_to;
    if (!socket.authorized && !insecure) return distrusted(String(socket.authorizationError), end, url);
    const days = Math.floor((Date.parse(end) - Date.now()) / (24 * 3600 * 1000));
    if (insecure)
      return warning(check, 'it is not verified', 'leave --insecure out; --ca-file names an authority of your own');
    if (days < soon)
      return warning(check, `it expires in ${days} days (${end})`, 'renew the certificate of the web server');
    return ok(check, `valid until ${end}`);
  } catch (error) {
    return failed(
      check,
      `no TLS session (${codeOf(error)})`,
      'is this the https port of the site? See its TLS settings',
    );
  } finally {
    socket?.destroy();
  }
}

/** A session with whoever answers, so that a certificate that is refused can be looked at. */
function handshake(url: URL, ca: string | undefined): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const host = hostOf(url);
    const socket = connect({
      host,
      port: portOf(url),
      servername: isIP(host) ? '' : host,
      rejectUnauthorized: false,
      ...(ca === undefined ? {} : { ca }),
    });
    const timer = setTimeout(() => socket.destroy(new Error('timeout')), connectTimeout * 1000);
    socket.once('close', () => clearTimeout(timer));
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
  });
}

function distrusted(code: string, end: string, url: URL): Finding {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return failed(check, `it expired (${end})`, 'renew the certificate of the web server, then restart that');
    case 'CERT_NOT_YET_VALID':
      return failed(check, 'it is not valid yet', 'set the clock of this host');
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return failed(check, `it is not for ${hostOf(url)}`, 'use a name in the URL that the certificate has');
    default: {
      const remedy = 'have the web server send its whole chain, or name the authority that issued it with --ca-file';
      return failed(check, `it is not trusted (${code})`, remedy);
    }
  }
}
