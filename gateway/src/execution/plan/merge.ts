import { isJsonObject, ownValue, setOwnValue, type JsonObject } from '../json.ts';

/**
 * Merges one subgraph's answer into what is there already: objects by property, lists of the same length by index, lists in them
 * likewise; any other value replaces. Parts of `source` become parts of `target`.
 */
export function mergeInto(target: JsonObject, source: JsonObject): void {
  for (const key of Object.keys(source)) {
    const value = source[key];
    if (value !== undefined) setOwnValue(target, key, merged(ownValue(target, key), value));
  }
}

function merged(existing: unknown, value: unknown): unknown {
  if (existing === value) return existing;
  if (isJsonObject(value)) {
    if (!isJsonObject(existing)) return value;
    mergeInto(existing, value);
    return existing;
  }
  if (!Array.isArray(value) || !Array.isArray(existing) || existing.length !== value.length) return value;
  for (const [index, item] of value.entries()) existing[index] = merged(existing[index], item);
  return existing;
}
