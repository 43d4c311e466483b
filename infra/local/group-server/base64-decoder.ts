/**
 * Decodes standard base64 that arrives in chunks of any size, line breaks allowed, in flat memory.
 * Strict otherwise: another character, wrong padding or anything after the padding makes it fail for good, so that a
 * sender's mistake is seen and not mended.
 */

/** A decoder; both methods answer undefined from the first byte on that is not base64. */
export interface Base64Decoder {
  write(chunk: Buffer): Buffer | undefined;
  end(): Buffer | undefined;
}

/** Starts a decoder. */
export function createBase64Decoder(): Base64Decoder {
  let carried = '';
  let ended = false;
  let failed = false;
  return {
    write(chunk) {
      if (failed) return undefined;
      let text = chunk.toString('latin1');
      if (text.includes('\n') || text.includes('\r')) text = text.replace(/[\r\n]+/g, '');
      if (text === '') return Buffer.alloc(0);
      text = carried + text;
      if (ended || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
        failed = true;
        return undefined;
      }
      const whole = text.length - (text.length % 4);
      carried = text.slice(whole);
      // Padding inside the carried rest may still be completed (`QQ=` and then `=`); a whole quad with it is the end.
      ended = whole > 0 && text[whole - 1] === '=';
      if (ended && carried !== '') {
        failed = true;
        return undefined;
      }
      return Buffer.from(text.slice(0, whole), 'base64');
    },
    end() {
      return failed || carried !== '' ? undefined : Buffer.alloc(0);
    },
  };
}
