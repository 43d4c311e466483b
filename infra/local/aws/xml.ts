/** Writes the small XML documents that S3, SNS and SES answer with. Knows no schema. */
export type Xml = string | number | boolean | undefined | readonly Xml[] | XmlObject;
export type XmlObject = { readonly [name: string]: Xml };
type Lists = 'member' | 'flat';

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' };
const escapeText = (text: string) => text.replace(/[&<>"\r]/g, (character) => entities[character] ?? '');

/** Text content of an XML element as it was meant. */
export const unescapeText = (text: string) =>
  text.replace(/&(amp|lt|gt|quot|apos|#\d+);/g, (entity, name: string) =>
    name.startsWith('#')
      ? String.fromCodePoint(Number(name.slice(1)))
      : ({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }[name] ?? entity),
  );

const isList = (value: Xml): value is readonly Xml[] => Array.isArray(value);

function inner(value: Xml, lists: Lists): string {
  if (value === undefined) return '';
  if (isList(value)) return value.map((item) => `<member>${inner(item, lists)}</member>`).join('');
  if (typeof value !== 'object') return escapeText(String(value));
  return Object.entries(value)
    .flatMap(([name, below]) =>
      isList(below) && (lists === 'flat' || name === 'entry')
        ? below.map((item) => [name, item] as const)
        : [[name, below] as const],
    )
    .filter(([, below]) => below !== undefined)
    .map(([name, below]) => `<${name}>${inner(below, lists)}</${name}>`)
    .join('');
}

/**
 * The document of one root element. A list becomes `<member>` elements or, flat, its own element again and again; the
 * `entry` list of a map is always flat.
 */
export function xml(document: XmlObject, namespace: string, lists: Lists = 'member'): string {
  const [name = '', value] = Object.entries(document)[0] ?? [];
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="${namespace}">${inner(value, lists)}</${name}>`;
}
