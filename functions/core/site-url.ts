/**
 * Reads the URL of a GroupServer site as an administrator gives it. It asks nobody. What is wrong is
 * `url-without-host` or, where the host is not the trouble, `config-invalid`; a password in it is never quoted.
 */
import { DeliveryFailure } from './delivery-status.ts';

/** Gives the URL of a site; its path stays in it and is ignored by those who ask pages, as 3.x did. */
export function siteUrl(text: string): URL {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined || /^[^:]+:\/\/(?:[^/?#]*@)?(?:[:/?#]|$)/.test(text)) {
    throw new DeliveryFailure('url-without-host', 'give it as https://groups.example.com');
  }
  if (scheme !== 'http' && scheme !== 'https') {
    throw new DeliveryFailure(
      'config-invalid',
      `the URL begins with ${scheme}://, only http:// and https:// are spoken`,
    );
  }
  const url = URL.parse(text);
  if (!url || !decodable(url.username) || !decodable(url.password)) {
    throw new DeliveryFailure('config-invalid', 'the URL of the group server cannot be read');
  }
  return url;
}

function decodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
