/**
 * Reads infra/template.yaml into plain values: the short forms (!Ref, !Sub, !GetAtt, !If …) become the long ones
 * ({"Ref": …}, {"Fn::Sub": …}), as CloudFormation itself does it. Knows nothing of what the template should say.
 * Fails on YAML errors; an unknown tag comes out as Fn::Tag and is left to cfn-lint.
 */
import { readFileSync } from 'node:fs';
import { isMap, isScalar, isSeq, parseDocument } from 'yaml';

export type Value = string | number | boolean | null | Value[] | { [key: string]: Value };

export const templatePath = new URL('../../infra/template.yaml', import.meta.url).pathname;

/** The template as plain values; a new copy at each call. */
export const readTemplate = (): Value => {
  const document = parseDocument(readFileSync(templatePath, 'utf8'), { logLevel: 'error' });
  if (document.errors[0]) throw document.errors[0];
  return toValue(document.contents);
};

const toValue = (node: unknown): Value => {
  if (isMap(node))
    return tagged(node.tag, Object.fromEntries(node.items.map((item) => [key(item.key), toValue(item.value)])));
  if (isSeq(node)) return tagged(node.tag, node.items.map(toValue));
  if (isScalar(node)) return tagged(node.tag, plain(node.value));
  return null;
};

const key = (node: unknown): string => (isScalar(node) ? String(node.value) : '');

const tagged = (tag: string | undefined, value: Value): Value => {
  if (!tag?.startsWith('!')) return value;
  const name = tag.slice(1);
  return { [name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`]: value };
};

/** Any parsed JSON as a Value; what JSON cannot hold is an error. */
export const plain = (value: unknown): Value => {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, plain(entry)]));
  }
  throw new TypeError(`not a value of JSON: ${typeof value}`);
};

export const isObject = (value: Value | undefined): value is { [key: string]: Value } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The entries of an object, none for anything else. */
export const entries = (value: Value | undefined): [string, Value][] => (isObject(value) ? Object.entries(value) : []);

/** Follows names (objects), indexes and `Sid=X` (the element of an array whose Sid is X); undefined where there is nothing. */
export const at = (value: Value | undefined, ...path: string[]): Value | undefined =>
  path.reduce<Value | undefined>((here, step) => {
    if (Array.isArray(here)) return here[indexOf(here, step)];
    return isObject(here) && Object.hasOwn(here, step) ? here[step] : undefined;
  }, value);

export const indexOf = (array: Value[], step: string): number => {
  const [name, wanted] = step.split('=');
  return wanted === undefined ? Number(step) : array.findIndex((element) => at(element, name ?? '') === wanted);
};

/** IAM and others write one thing where a list may stand. */
export const list = (value: Value | undefined): Value[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

/** Strings as they are, numbers and booleans written out, '' for anything else. */
export const text = (value: Value | undefined): string =>
  value === undefined || value === null || typeof value === 'object' ? '' : String(value);

/** Numbers, written as such or as text; NaN, which no comparison lets pass, for anything else. */
export const number = (value: Value | undefined): number => (text(value) === '' ? Number.NaN : Number(text(value)));
