/** A JSON object as a subgraph sent it, or as it grows while answers are merged into it. */
export type JsonObject = Record<string, unknown>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A property of the object itself: what JSON held, and not what every object inherits, such as `constructor`. */
export function ownValue(object: Readonly<JsonObject>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Sets a property of the object itself, whatever its name is: a plain assignment to `__proto__` would change the prototype. */
export function setOwnValue(object: JsonObject, key: string, value: unknown): void {
  if (key in object && !Object.hasOwn(object, key)) {
    Object.defineProperty(object, key, { value, configurable: true, enumerable: true, writable: true });
  } else {
    object[key] = value;
  }
}
