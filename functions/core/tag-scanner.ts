/**
 * Finds the tags and the text of an HTML page as it arrives, in memory that does not depend on the page. It knows no
 * meaning of an element, only which ones hold text instead of markup (HTML standard, section 13.2.5): what stands in a
 * comment, a script or a text field is no tag. It takes any bytes and never fails.
 */

/** Characters of a tag that are kept; what is longer is cut, its end is still found. */
const tagLimit = 4096;
const rawTextElements = new Set(['script', 'style', 'textarea', 'title', 'xmp', 'iframe', 'noembed', 'noframes']);

export interface TagListener {
  /** A start tag or an end tag, which begins with `/`; names in lower case. */
  tag(name: string, attributes: ReadonlyMap<string, string>): void;
  text(text: string): void;
}

/** Makes a function that takes the page piece by piece. */
export function tagScanner(listener: TagListener): (piece: string) => void {
  let mode: 'text' | 'tag' | 'skip' = 'text';
  let tag = '';
  let quote = '';
  /** What ends the part that is passed over. */
  let skipTo = '';
  /** The end of the last piece, where it may be the start of what ends that part. */
  let skipped = '';

  const endTag = () => {
    const name = /^\/?[a-z][^\s/>]*/i.exec(tag)?.[0].toLowerCase();
    mode = 'text';
    if (name === undefined) return;
    if (rawTextElements.has(name)) skip(`</${name}`);
    listener.tag(name, attributesOf(tag));
  };
  const skip = (end: string) => {
    mode = 'skip';
    skipTo = end;
    skipped = '';
  };

  const takeText = (piece: string, from: number): number => {
    const start = piece.indexOf('<', from);
    listener.text(piece.slice(from, start < 0 ? piece.length : start));
    if (start < 0) return piece.length;
    mode = 'tag';
    tag = '';
    quote = '';
    return start + 1;
  };
  const takeTag = (piece: string, from: number): number => {
    if (tag.length < 3) return takeTagStart(piece, from);
    const mark = quote === '' ? /[>"']/g : quote === '"' ? /"/g : /'/g;
    mark.lastIndex = from;
    const found = mark.exec(piece);
    const end = found ? found.index : piece.length;
    if (tag.length < tagLimit) tag += piece.slice(from, end);
    if (!found) return end;
    if (quote === '' && found[0] === '>') endTag();
    else {
      quote = quote === '' ? found[0] : '';
      tag += found[0];
    }
    return end + 1;
  };
  /** Takes one character: the first three tell a tag from a comment and from a `<` in a text. */
  const takeTagStart = (piece: string, from: number): number => {
    const character = piece.charAt(from);
    if (character === '>') endTag();
    else tag += character;
    if (tag === '!--') skip('-->');
    if (!/^[a-z/!?]/i.test(tag)) mode = 'text';
    return from + 1;
  };
  const takeSkipped = (piece: string, from: number): number => {
    const text = skipped + piece.slice(from).toLowerCase();
    const end = text.indexOf(skipTo);
    if (end < 0) {
      skipped = text.slice(-(skipTo.length - 1));
      return piece.length;
    }
    // A comment is over behind its end; a raw text element ends with a tag, which is taken as one.
    const past = skipTo === '-->' ? skipTo.length : 0;
    mode = 'text';
    return Math.max(from, from - skipped.length + end + past);
  };

  return (piece) => {
    for (let at = 0; at < piece.length; ) {
      if (mode === 'text') at = takeText(piece, at);
      else if (mode === 'tag') at = takeTag(piece, at);
      else at = takeSkipped(piece, at);
    }
  };
}

function attributesOf(tag: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  for (const found of tag.matchAll(/\s([^\s"'>/=]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/g)) {
    const name = (found[1] ?? '').toLowerCase();
    // The first attribute of a name counts, as in a browser.
    if (!attributes.has(name)) attributes.set(name, found[2] ?? found[3] ?? found[4] ?? '');
  }
  return attributes;
}
