/** Small guards over parsed JSON: every value that came over the wire is `unknown` until one of these has seen it. */
import { AwsError } from './aws-error.ts';

/** Is it a JSON object? */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The field of an object, or undefined. */
export const field = (input: unknown, name: string): unknown => (isRecord(input) ? input[name] : undefined);

/** A field that is a string, or undefined. */
export function text(input: unknown, name: string): string | undefined {
  const value = field(input, name);
  return typeof value === 'string' ? value : undefined;
}

/** A string field without which the call is refused. */
export function requiredText(input: unknown, name: string): string {
  const value = text(input, name);
  if (value === undefined) throw new AwsError('MissingParameter', `The request must contain the parameter ${name}.`);
  return value;
}

/** A number field (or a string of digits), or undefined. */
export function number(input: unknown, name: string): number | undefined {
  const value = field(input, name);
  if (value === undefined || value === null || value === '') return undefined;
  const parsed = Number(value);
  if (Number.isNaN(parsed)) throw new AwsError('InvalidParameterValue', `${name} is not a number`);
  return parsed;
}

/** An array field; empty when it is missing. */
export function list(input: unknown, name: string): unknown[] {
  const value = field(input, name);
  return Array.isArray(value) ? value : [];
}

/** An array field of strings. */
export const texts = (input: unknown, name: string): string[] =>
  list(input, name).filter((value) => typeof value === 'string');

/** An object field whose values are strings; others are left out. */
export function textMap(input: unknown, name: string): Record<string, string> {
  const value = field(input, name);
  const entries = Object.entries(isRecord(value) ? value : {});
  return Object.fromEntries(entries.flatMap(([key, item]) => (typeof item === 'string' ? [[key, item]] : [])));
}
