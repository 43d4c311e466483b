/** The URL on the command line: what is taken, what is refused as what, and that no password is ever told. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeliveryFailure } from '../../functions/core/delivery-status.ts';
import { siteUrl } from '../../functions/core/site-url.ts';

/** The host and port, or the kind of failure. */
function outcome(text: string): string {
  try {
    return siteUrl(text).host;
  } catch (error) {
    return error instanceof DeliveryFailure ? error.kind : 'something else';
  }
}

describe('the URL of a site', () => {
  it.each([
    ['http://groups.example.com', 'groups.example.com'],
    ['https://groups.example.com/', 'groups.example.com'],
    ['https://groups.example.com:8443/path?query#hash', 'groups.example.com:8443'],
    ['HTTPS://Groups.Example.COM', 'groups.example.com'],
    ['http://127.0.0.1:8080', '127.0.0.1:8080'],
    ['http://[::1]:8080/', '[::1]:8080'],
    ['http://ada:secret@groups.example.com', 'groups.example.com'],
    ['http://ada@example.com:se@cret@groups.example.com', 'groups.example.com'],
    ['http://münchen.example.com', 'xn--mnchen-3ya.example.com'],
    ['https://groups.example.com?x', 'groups.example.com'],
  ])('%s leads to %s', (text, host) => {
    expect(outcome(text)).toBe(host);
  });

  it.each([
    '',
    ' ',
    'groups.example.com',
    'groups.example.com/path',
    'groups.example.com:8080',
    'localhost:8080',
    '//groups.example.com',
    'http:',
    'http:/',
    'http://',
    'http:///',
    'http:///groups.example.com',
    'http://:8080',
    'http://?x',
    'http://#x',
    'https://ada:secret@',
    'https://ada:secret@/',
    'https://ada@:8080/',
    'http:groups.example.com',
    'mailto:ada@example.com',
    ' http://groups.example.com',
    'file:///etc/passwd',
  ])('%j names no host', (text) => {
    expect(outcome(text)).toBe('url-without-host');
  });

  it.each([
    'ftp://groups.example.com',
    'ws://groups.example.com',
    'httpss://groups.example.com',
    'a+b-c.1://groups.example.com',
    'http://groups.example.com:99999',
    'http://gro ups.example.com',
    'http://%',
    'http://[::1',
    'http://a%zz@groups.example.com',
    'http://ada:%e9@groups.example.com',
    'https://ada:sec/ret@groups.example.com',
  ])('%j is not configured rightly', (text) => {
    expect(outcome(text)).toBe('config-invalid');
  });

  it.each([
    ['ftp://groups.example.com', 'the URL begins with ftp://, only http:// and https:// are spoken'],
    ['FTP://groups.example.com', 'the URL begins with ftp://, only http:// and https:// are spoken'],
    ['http://[', 'the URL of the group server cannot be read'],
    ['groups.example.com', 'give it as https://groups.example.com'],
  ])('%s is refused with words that help', (text, words) => {
    expect(() => siteUrl(text)).toThrow(words);
  });

  it('keeps its path and its credentials', () => {
    expect(siteUrl('https://ada:secret@groups.example.com/x').href).toBe('https://ada:secret@groups.example.com/x');
  });

  it('has a host and can be spoken to, or is one of two failures, whatever was given', () => {
    const part = fc.constantFrom(
      'http',
      'https',
      'ftp',
      ':',
      '/',
      '//',
      '@',
      '?',
      '#',
      'a',
      'example.com',
      ':80',
      '[::1]',
      '%41',
      '%',
      ' ',
      '\n',
      'é',
      '\\',
    );
    const text = fc.oneof(
      fc.array(part, { maxLength: 10 }).map((parts) => parts.join('')),
      fc.webUrl(),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (given) => {
        const { found, kind } = (() => {
          try {
            return { found: siteUrl(given), kind: undefined };
          } catch (error) {
            return { found: undefined, kind: error instanceof DeliveryFailure ? error.kind : error };
          }
        })();
        expect(found ? /^https?:$/.test(found.protocol) && found.hostname !== '' : kind).toSatisfy(
          (result) => result === true || result === 'url-without-host' || result === 'config-invalid',
        );
      }),
      { numRuns: 3000 },
    );
  });

  it('never tells a password, whatever is wrong with the rest', () => {
    const secret = 'theValueOfThePassword';
    const text = fc
      .tuple(
        fc.constantFrom('http://', 'https://', 'ftp://', '', 'http:', 'http:///', '//'),
        fc.constantFrom(`ada:${secret}@`, `${secret}@`, `ada:${secret}%@`, `:${secret}/@`, `a b:${secret}@`),
        fc.constantFrom('groups.example.com', '', ':80', ':99999', '[', 'a b', '/x'),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (given) => {
        const message = (() => {
          try {
            const { host, pathname } = siteUrl(given);
            return `${host}${pathname}`;
          } catch (error) {
            return String(error);
          }
        })();
        expect(message).not.toContain(secret);
      }),
    );
  });
});
