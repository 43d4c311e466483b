/**
 * The header reader: the same fields however the bytes come, no byte behind the limit, and the fields that a plain
 * reading line by line finds. `mailparser` is compared in test/core.
 */
import { type HeaderField, readHeader } from '../../../functions/core/header.ts';
import { idempotencyKey } from '../../../functions/core/idempotency-key.ts';
import { mboxLineLength } from '../../../functions/smtp2gs/mbox-line.ts';
import { mail } from '../../core/generated-mail.ts';
import { watched } from '../../core/pieces.ts';
import { mails } from '../corpus.ts';
import { cut, randomOf } from '../cut.ts';
import { holds, same } from '../holds.ts';
import type { Target } from '../target.ts';

export const header: Target = {
  name: 'header',
  grammar: mail,
  corpus: mails,
  words: ['\r\n\r\n', '\n\n', '\n\r\n', '\r\r\n', '\r\n ', '\n\t', ':', 'X-Original-To: ', 'From ', '\u0000', '\u00a0'],
  async check(input) {
    const random = randomOf(input);
    const fields = await readHeader([input]);
    same(fields, referenceFields(input), 'the fields are those of a reading line by line');
    same(await readHeader(watched(cut(input, random))), fields, 'the fields are the same in any pieces');
    const limit = random.integer(1, input.length + 2);
    const limited = await readHeader(watched(cut(input, random)), limit);
    same(limited, await readHeader([input.subarray(0, limit)]), 'nothing behind the limit is read');
    holds(/^[0-9a-f]{64}$/.test(idempotencyKey('a@h', input.length, fields)), 'the key is 64 hexadecimal digits');
    const mboxLine = input.toString('latin1', 0, mboxLineLength(input));
    holds(/^(From [^\n]*\n?)?$/.test(mboxLine), 'what the door takes off is one From line', mboxLine);
  },
};

function referenceFields(bytes: Buffer): HeaderField[] {
  const raws: string[] = [];
  const lines = bytes.toString('latin1').split('\n');
  for (const [index, line] of lines.entries()) {
    const isLast = index === lines.length - 1;
    if (!isLast && (line === '' || line === '\r')) break;
    const raw = isLast ? line : `${line}\n`;
    if (/^[ \t]/.test(line) && raws.length > 0) raws.push(raws.pop() + raw);
    else raws.push(raw);
  }
  return raws.flatMap((raw) => {
    const [, name = '', body = ''] = /^([^:]*):(.*)$/s.exec(raw) ?? [];
    return name.trim() === '' ? [] : [{ name: name.trim(), body: body.split(/\r?\n/).join('').trim(), raw }];
  });
}
