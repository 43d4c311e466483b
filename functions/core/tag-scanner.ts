/**
 * Finds the tags and the text of an HTML page as it arrives, in memory that does not depend on the page. It splits a
 * page into tags as the HTML standard does (section 13.2.5), and knows no meaning of an element, only which ones hold
 * text instead of markup: what stands in a comment, a script, a text field or a value is no tag. It takes any bytes and
 * never fails.
 */

/** Characters of a name or a value that are kept; what is longer is cut, its end is still found. */
const lengthLimit = 1024 * 1024;
const rawTextElements = new Set(['script', 'style', 'textarea', 'title', 'xmp', 'iframe', 'noembed', 'noframes']);

export interface TagListener {
  /**
   * A start tag, or an end tag, which begins with `/` and has no attributes; names in lower case. Of the attributes
   * there are those that were asked for.
   */
  tag(name: string, attributes: ReadonlyMap<string, string>): void;
  text(text: string): void;
}

/** Where the next character stands; the names are those of the standard, shortened. */
type State =
  | 'text'
  | 'tagOpen'
  | 'endTagOpen'
  | 'markupDeclaration'
  | 'comment'
  | 'bogusComment'
  | 'rawText'
  | 'tagName'
  | 'beforeAttribute'
  | 'attributeName'
  | 'afterAttributeName'
  | 'beforeValue'
  | 'quotedValue'
  | 'unquotedValue';

/** Makes a function that takes the page piece by piece. `wanted` are names of attributes, in lower case. */
export function tagScanner(wanted: ReadonlySet<string>, listener: TagListener): (piece: string) => void {
  let state: State = 'text';
  let tag = '';
  let attributes = new Map<string, string>();
  let attribute = '';
  let value = '';
  let quote = '';
  /** How much of what ends a comment or a raw text has come: `--` and `</script`. */
  let matched = '';
  let rawText = '';

  const keepAttribute = () => {
    // The first attribute of a name counts, as in a browser.
    if (wanted.has(attribute) && !attributes.has(attribute)) attributes.set(attribute, value);
    attribute = '';
    value = '';
  };
  const keepValue = (text: string) => {
    if (wanted.has(attribute)) value += text.slice(0, lengthLimit - value.length);
  };
  const startTag = (name: string) => {
    tag = name;
    attributes = new Map();
    state = 'tagName';
  };
  const endTag = () => {
    const isEnd = tag.startsWith('/');
    rawText = `</${tag}`;
    matched = '';
    state = rawTextElements.has(tag) ? 'rawText' : 'text';
    listener.tag(tag, isEnd ? new Map() : attributes);
  };
  /** Passes over a piece until a character, or to its end. */
  const find = (character: string, piece: string, from: number) => {
    const found = piece.indexOf(character, from);
    return found < 0 ? piece.length : found;
  };

  /** Each takes what it can from a place in a piece and says where to go on; where it takes nothing, the state is new. */
  const steps: Readonly<Record<State, (piece: string, from: number, character: string) => number>> = {
    text(piece, from) {
      const end = find('<', piece, from);
      if (end > from) listener.text(piece.slice(from, end));
      if (end < piece.length) state = 'tagOpen';
      return end + 1;
    },
    tagOpen(_piece, from, character) {
      if (/[a-z]/i.test(character)) startTag('');
      else if (character === '/') state = 'endTagOpen';
      else if (character === '!') state = 'markupDeclaration';
      else state = character === '?' ? 'bogusComment' : 'text';
      matched = '';
      return character === '/' || character === '!' ? from + 1 : from;
    },
    endTagOpen(_piece, from, character) {
      if (/[a-z]/i.test(character)) startTag('/');
      else state = 'bogusComment';
      return from;
    },
    markupDeclaration(_piece, from, character) {
      matched += character;
      if (matched === '--') state = 'comment';
      else if (matched !== '-') state = 'bogusComment';
      return state === 'bogusComment' ? from : from + 1;
    },
    comment(piece, from, character) {
      if (matched === '--' && character === '>') state = 'text';
      if (character === '-') matched = matched === '' ? '-' : '--';
      else matched = '';
      return matched === '' && state === 'comment' ? find('-', piece, from) : from + 1;
    },
    bogusComment(piece, from) {
      const end = find('>', piece, from);
      if (end < piece.length) state = 'text';
      return end + 1;
    },
    rawText(piece, from, character) {
      if (matched === rawText && /[\t\n\f\r />]/.test(character)) {
        startTag(rawText.slice(1));
        return from;
      }
      const next = matched + character.toLowerCase();
      matched = rawText.startsWith(next) ? next : character === '<' ? '<' : '';
      return matched === '' ? find('<', piece, from) : from + 1;
    },
    tagName(_piece, from, character) {
      if (character === '>') endTag();
      else if (/[\t\n\f\r /]/.test(character)) state = 'beforeAttribute';
      else if (tag.length < lengthLimit) tag += character.toLowerCase();
      return from + 1;
    },
    beforeAttribute(_piece, from, character) {
      if (character === '>') endTag();
      else if (!/[\t\n\f\r /]/.test(character)) {
        attribute = character.toLowerCase();
        state = 'attributeName';
      }
      return from + 1;
    },
    attributeName(_piece, from, character) {
      if (/[\t\n\f\r />]/.test(character)) {
        state = 'afterAttributeName';
        return from;
      }
      if (character === '=') state = 'beforeValue';
      else if (attribute.length < lengthLimit) attribute += character.toLowerCase();
      return from + 1;
    },
    afterAttributeName(_piece, from, character) {
      if (/[\t\n\f\r ]/.test(character)) return from + 1;
      state = character === '=' ? 'beforeValue' : 'beforeAttribute';
      if (character === '=') return from + 1;
      keepAttribute();
      return from;
    },
    beforeValue(_piece, from, character) {
      if (/[\t\n\f\r ]/.test(character)) return from + 1;
      quote = character;
      state = character === '"' || character === "'" ? 'quotedValue' : 'unquotedValue';
      return state === 'quotedValue' ? from + 1 : from;
    },
    quotedValue(piece, from) {
      const end = find(quote, piece, from);
      keepValue(piece.slice(from, end));
      if (end === piece.length) return end;
      keepAttribute();
      state = 'beforeAttribute';
      return end + 1;
    },
    unquotedValue(_piece, from, character) {
      if (/[\t\n\f\r >]/.test(character)) {
        keepAttribute();
        state = 'beforeAttribute';
        return from;
      }
      keepValue(character);
      return from + 1;
    },
  };

  return (piece) => {
    for (let at = 0; at < piece.length; ) at = steps[state](piece, at, piece.charAt(at));
  };
}
