/** A number between 0 and 2³² that looks random and depends on nothing but the text (FNV-1a with a final mix). */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}

/** One of the values, the same for the same text. */
export function pickBy<Value>(text: string, values: readonly Value[]): Value {
  const value = values[hash(text) % values.length];
  if (value === undefined) throw new Error('There is nothing to pick from.');
  return value;
}

/** JSON that is the same whatever the order of keys. */
export function stableJson(value: unknown): string {
  return (
    JSON.stringify(value, (_key, part: unknown) => (isObject(part) ? Object.fromEntries(Object.entries(part).toSorted(byKey)) : part)) ??
    'undefined'
  );
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function byKey([one]: [string, unknown], [other]: [string, unknown]): number {
  return one < other ? -1 : 1;
}
