/**
 * What a page that answers a form means, read by regular expressions from the whole page. It shares nothing with the
 * scanner that reads such pages as they come, and follows the same part of the HTML standard (section 13.2.5).
 */

const boxes = /^(form-message|gs-content-form-message|gs-content-form-base-message)$/;
/** Any white space separates classes here: rather one error too many than one too few. */
const errors = /(^|\s)(ui-state-error|alert-error)($|\s)/;
const rawText = /^(script|style|textarea|title|xmp|iframe|noembed|noframes)$/;

const space = '[\\t\\n\\f\\r ]';
const attribute = new RegExp(
  `(?:${space}|/)*([^\\t\\n\\f\\r />][^\\t\\n\\f\\r />=]*)(?:${space}*=${space}*("[^"]*(?:"|$)|'[^']*(?:'|$)|(?=>)|[^\\t\\n\\f\\r "'>][^\\t\\n\\f\\r >]*))?`,
  'y',
);
const tagEnd = new RegExp(`(?:${space}|/)*>`, 'y');

/** Says what the boxes of a page mean. */
export function meaningOf(page: string): 'accepted' | 'refused' | 'unprocessed' {
  let meaning: 'accepted' | 'refused' | 'unprocessed' = 'unprocessed';
  for (const { id, classes } of startTags(page)) {
    if (!boxes.test(id)) continue;
    if (errors.test(classes)) return 'refused';
    meaning = 'accepted';
  }
  return meaning;
}

function* startTags(page: string): Generator<{ id: string; classes: string }> {
  let at = 0;
  /** Goes behind the next match; behind everything where there is none. */
  const skip = (pattern: RegExp) => {
    pattern.lastIndex = at;
    at = pattern.exec(page) ? pattern.lastIndex : page.length;
  };
  while (at < page.length) {
    at = page.indexOf('<', at);
    if (at < 0) return;
    if (page.startsWith('<!--', at)) {
      at += 4;
      // `<!-->` and `<!--->` are whole comments.
      if (/^-?>/.test(page.slice(at, at + 2))) at = page.indexOf('>', at) + 1;
      else skip(/-->/g);
    } else if (/^<(?:[!?]|\/[^a-z])/is.test(page.slice(at, at + 3))) {
      skip(/>/g);
    } else if (/^<\/?[a-z]/i.test(page.slice(at, at + 3))) {
      const isEnd = page[at + 1] === '/';
      at += isEnd ? 2 : 1;
      const nameLength = page.slice(at).search(/[\t\n\f\r />]/);
      if (nameLength < 0) return;
      const name = page.slice(at, at + nameLength).toLowerCase();
      at += nameLength;
      const found = readAttributes(page, at);
      if (!found) return;
      at = found.end;
      if (isEnd) continue;
      yield { id: found.values.get('id') ?? '', classes: found.values.get('class') ?? '' };
      if (rawText.test(name)) {
        const end = new RegExp(`</${name}(?=[\\t\\n\\f\\r />])`, 'gi');
        end.lastIndex = at;
        const ending = end.exec(page);
        if (!ending) return;
        at = ending.index;
      }
    } else {
      at += 1;
    }
  }
}

/** The attributes of a tag and where it ends; undefined where it does not. */
function readAttributes(page: string, from: number): { values: Map<string, string>; end: number } | undefined {
  const values = new Map<string, string>();
  for (let at = from; ; ) {
    tagEnd.lastIndex = at;
    if (tagEnd.test(page)) return { values, end: tagEnd.lastIndex };
    attribute.lastIndex = at;
    const [whole, name = '', value = ''] = attribute.exec(page) ?? [];
    if (whole === undefined) return undefined;
    at += whole.length;
    if (at >= page.length) return undefined;
    if (!values.has(name.toLowerCase())) values.set(name.toLowerCase(), value.replace(/^(["'])(.*)\1$/s, '$2'));
  }
}
