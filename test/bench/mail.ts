/**
 * Writes the mails that are sent: a header section as a mail system leaves it, and text in UTF-8 with long lines, or for
 * a large mail an attachment in base64.
 */
import { randomBytes } from 'node:crypto';

const header = [
  'Received: from mail.example.com (mail.example.com [192.0.2.1])',
  '\tby mx.example.com (Postfix) with ESMTPS id 4XyZ1234',
  '\tfor <group@groups.example.com>; Sun, 22 Nov 2026 08:00:00 +0000 (UTC)',
  'From: Ada Example <ada@example.com>',
  'To: group@groups.example.com',
  'Subject: Tea on Thursday',
  'Date: Sun, 22 Nov 2026 08:00:00 +0000',
  'Message-ID: <bench@example.com>',
  'MIME-Version: 1.0',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Transfer-Encoding: 8bit',
  '',
  '',
].join('\n');

/** Gives a mail of exactly so many bytes, at least those of its header section. */
export function mailOf(size: number): Buffer {
  const mail = Buffer.alloc(size, 'Grüße aus Überlingen, und bis Donnerstag um fünf.\n');
  mail.write(header);
  // An attachment is a line of 76 characters again and again; a block of them is repeated.
  const block =
    size > 65_536
      ? Buffer.from(
          randomBytes(57 * 4096)
            .toString('base64')
            .replace(/.{76}/g, '$&\n'),
        )
      : undefined;
  if (block) mail.fill(block, header.length);
  return mail;
}

/** Bytes of a mail that is all header section and an end. */
export const smallestMail = header.length;
