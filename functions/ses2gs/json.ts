/** Guards for JSON whose shape nobody guarantees. They look; they never throw. */

/** Gives a property of anything; undefined where there is none. */
export function property(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

/** Gives a property that is a text; undefined where it is missing or something else. */
export function textProperty(value: unknown, name: string): string | undefined {
  const found = property(value, name);
  return typeof found === 'string' ? found : undefined;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parses a text; undefined where it is no JSON. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
