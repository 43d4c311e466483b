/**
 * The header section as `mailparser` sees it: the independent reader that ours is compared with.
 */
import { type AttachmentStream, type HeaderLines, MailParser, type MessageText } from 'mailparser';

export interface Field {
  /** Lower case. */
  readonly name: string;
  /** The whole field, lines ended by CRLF, without the end of its last line. */
  readonly line: string;
}

/** Reads the fields of a mail; lines that are no field, which mailparser keeps under an empty name, are left out. */
export async function mailparserFields(mail: Uint8Array): Promise<Field[]> {
  const parser = new MailParser();
  const lines = await new Promise<HeaderLines>((resolve, reject) => {
    parser.on('headerLines', resolve);
    // Behind the header section mailparser may stumble over a body; that is no matter here.
    parser.on('error', reject);
    parser.on('end', () => resolve([]));
    parser.on('data', (part: AttachmentStream | MessageText) => {
      if (part.type === 'attachment') part.release();
    });
    parser.end(mail);
  });
  parser.destroy();
  return lines.filter(({ key }) => key !== '').map(({ key, line }) => ({ name: key, line: line.replace(/\r+$/, '') }));
}
