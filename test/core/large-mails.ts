/**
 * Odd mails that are too large to be kept as files, made when they are asked for.
 */

export interface LargeMail {
  readonly title: string;
  readonly make: () => Buffer;
}

const header = (extra = '') =>
  `From: Ada <ada@example.com>\nTo: example_group@groups.example.com\n${extra}Subject: Large\nMessage-ID: <large@example.com>\n`;
const mail = (extra: string, body: Buffer | string) =>
  Buffer.concat([Buffer.from(`${header(extra)}\n`), Buffer.from(body)]);

export const largeMails: readonly LargeMail[] = [
  {
    title: 'with a header section of 10 MB',
    make: () => mail('X-Filler: and so on and so on\n'.repeat(320_000), 'x\n'),
  },
  { title: 'with one field of 2 MB', make: () => mail(`X-Filler: ${'x'.repeat(2_000_000)}\n`, 'x\n') },
  { title: 'with one field on 500,000 lines', make: () => mail(`X-Filler: x${'\n x'.repeat(500_000)}\n`, 'x\n') },
  { title: 'with 400,000 fields', make: () => mail('a:\n'.repeat(400_000), 'x\n') },
  { title: 'that is a header section without an end', make: () => Buffer.from(header('X: y\n'.repeat(400_000))) },
  { title: 'whose body is one line of 8 MiB', make: () => mail('', Buffer.alloc(8 * 1024 * 1024, 'tea')) },
  { title: 'whose body is 3 MB of NUL', make: () => mail('', Buffer.alloc(3_000_000)) },
  { title: 'whose body is 1,000,000 line ends', make: () => mail('', '\r\n'.repeat(1_000_000)) },
  {
    title: 'of 20,000 parts',
    make: () =>
      mail('MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n', `${'--b\n\nx\n'.repeat(20_000)}--b--\n`),
  },
  {
    title: 'of 2,000 multiparts in each other',
    make: () => {
      const parts = Array.from(
        { length: 2000 },
        (_, depth) => `--b${depth}\nContent-Type: multipart/mixed; boundary=b${depth + 1}\n\n`,
      );
      return mail('MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b0\n', parts.join(''));
    },
  },
  {
    // Every piece of the encoder ends in another place of the pattern.
    title: 'whose bytes repeat every 251',
    make: () =>
      mail(
        '',
        Buffer.from(Array.from({ length: 251 }, (_, byte) => byte))
          .toString('latin1')
          .repeat(4000),
      ),
  },
];
