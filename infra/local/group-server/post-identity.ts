/**
 * What makes two posts the same to the reference GroupServer: every byte but the fields that the last hop writes anew
 * for each attempt. The real server compares sender, subject, length and body, which no attempt changes either.
 */
import { createHash } from 'node:crypto';

const PER_ATTEMPT =
  /^(?:return-path|x-original-to|delivered-to|envelope-to|delivery-date)[ \t]*:.*\r?\n(?:[ \t].*(?:\r?\n|$))*/gim;
const HEADER_LIMIT = 64 * 1024;

/** Takes the pieces of a message and answers its identity (hexadecimal) at the end. */
export function createPostIdentity(): { write(piece: Buffer): void; end(): string } {
  const hash = createHash('sha256');
  // Until the header section is whole; a longer one than the limit counts as it is.
  let header: string | undefined = '';
  const flush = (length: number) => {
    if (header === undefined) return;
    const fields = header
      .slice(0, length)
      .replace(/^From .*\r?\n/, '')
      .replace(PER_ATTEMPT, '');
    hash.update(fields + header.slice(length), 'latin1');
    header = undefined;
  };
  return {
    write(piece) {
      if (header === undefined) {
        hash.update(piece);
        return;
      }
      header += piece.toString('latin1');
      const end = /\r?\n\r?\n/.exec(header);
      if (end) flush(end.index + end[0].length);
      else if (header.length > HEADER_LIMIT) flush(0);
    },
    end() {
      flush(header?.length ?? 0);
      return hash.digest('hex');
    },
  };
}
