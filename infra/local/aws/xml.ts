/** Writes the small XML documents that S3, SNS and SES answer with. Knows no schema. */
export type Xml = string | number | boolean | undefined | readonly Xml[] | { readonly [name: string]: Xml };

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' };
const escapeText = (text: string) => text.replace(/[&<>"\r]/g, (character) => entities[character] ?? '');

const isList = (value: Xml): value is readonly Xml[] => Array.isArray(value);

function inner(value: Xml): string {
  if (value === undefined) return '';
  if (isList(value)) return value.map((item) => `<member>${inner(item)}</member>`).join('');
  if (typeof value !== 'object') return escapeText(String(value));
  return Object.entries(value)
    .filter(([, below]) => below !== undefined)
    .map(([name, below]) => `<${name}>${inner(below)}</${name}>`)
    .join('');
}

/** The document of one root element; an array becomes `<member>` elements, an undefined field is left out. */
export function xml(document: { readonly [name: string]: Xml }, namespace: string): string {
  const [name = '', value] = Object.entries(document)[0] ?? [];
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="${namespace}">${inner(value)}</${name}>`;
}
