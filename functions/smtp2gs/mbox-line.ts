/**
 * Knows the mbox `From ` line that some mail systems put before a mail.
 */

const beginning = Buffer.from('From ');

/**
 * Says how many bytes of a `From ` line stand at the start of a mail; 0 where there is none.
 * QUIRK: local(8) and Exim put such a line first. It is not mail, it would hide the header section, and it does not
 * count for the size.
 */
export function mboxLineLength(start: Buffer): number {
  return start.subarray(0, beginning.length).equals(beginning) ? start.indexOf('\n') + 1 : 0;
}
