/**
 * Reads the HTML page that GroupServer answers a form with and tells whether the form was accepted: a status box
 * without its error class is the one positive sign (spec/groupserver.md section 1). It reads the page as a stream,
 * since a page may echo a whole mail. It never fails: a page without the box is `unprocessed`.
 */
import { tagScanner } from './tag-scanner.ts';

export type FormVerdict =
  | { readonly kind: 'accepted' }
  /** With the names of the refused fields; never a value, which may be the token. */
  | { readonly kind: 'refused'; readonly labels: readonly string[] }
  | { readonly kind: 'unprocessed' };

/** The id of the status box in each generation of the server: 2010, 2013, since 2014. */
const statusBoxes = new Set(['form-message', 'gs-content-form-message', 'gs-content-form-base-message']);
const errorClasses = new Set(['ui-state-error', 'alert-error']);
const wantedAttributes = new Set(['id', 'class']);

const labelPattern = /^[A-Za-z][A-Za-z0-9 _-]{0,39}$/;
const labelCountLimit = 8;
/** Characters of a term that are kept: a label, and the white space around it. */
const termLimit = 100;

export interface FormAnswerReader {
  /** Takes the next piece of the page. */
  write(piece: Uint8Array): void;
  /** Says what the page means, as far as it was read. */
  verdict(): FormVerdict;
}

export function formAnswerReader(): FormAnswerReader {
  let box: 'none' | 'info' | 'error' = 'none';
  /** The term (`dt`) that the next description (`dd`) belongs to. */
  let term: string | undefined;
  let isInTerm = false;
  const labels: string[] = [];
  const scan = tagScanner(wantedAttributes, {
    tag(name, attributes) {
      const classes = (attributes.get('class') ?? '').split(/\s+/);
      // An error box anywhere outweighs a good one.
      if (statusBoxes.has(attributes.get('id') ?? '') && box !== 'error') {
        box = classes.some((each) => errorClasses.has(each)) ? 'error' : 'info';
      }
      if (name === 'dd' && classes.includes('error') && term !== undefined) addLabel(term.trim());
      isInTerm = name === 'dt';
      if (name !== '/dt') term = isInTerm ? '' : undefined;
    },
    text(text) {
      if (isInTerm) term = ((term ?? '') + text).slice(0, termLimit);
    },
  });
  const addLabel = (label: string) => {
    if (labelPattern.test(label) && labels.length < labelCountLimit) labels.push(label);
  };
  return {
    write: (piece) => scan(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('latin1')),
    verdict() {
      if (box === 'none') return { kind: 'unprocessed' };
      return box === 'info' ? { kind: 'accepted' } : { kind: 'refused', labels };
    },
  };
}
