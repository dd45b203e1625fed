import type { ResponsePath } from '@apollo/query-planner';
import { isJsonObject, ownValue, type JsonObject } from '../json.ts';

/** Stands in a path of a plan for every item of the list before it. */
export const everyItem = '@';

export type ConcretePath = (string | number)[];

/** The objects at `path` below `root`, which may hold it in many places or in none. Nulls on the way are passed over. */
export function findEntities(root: JsonObject, path: ResponsePath): JsonObject[] {
  const found: JsonObject[] = [];
  collect(root, path, 0, found);
  return found;
}

function collect(value: unknown, path: ResponsePath, depth: number, found: JsonObject[]): void {
  if (Array.isArray(value)) {
    // A path says where lists are; what has one elsewhere is not the shape that the plan was made for.
    if (path[depth] === everyItem) for (const item of value) collect(item, path, depth + 1, found);
  } else if (isJsonObject(value)) {
    const key = path[depth];
    if (key === undefined) found.push(value);
    else collect(ownValue(value, String(key)), path, depth + 1, found);
  }
}

/**
 * Where each of `entities` is, which {@link findEntities} found at `path` before. Undefined for one that is no longer there: another
 * fetch has brought null for it since, or for what holds it.
 */
export function locateEntities(root: JsonObject, path: ResponsePath, entities: readonly JsonObject[]): (ConcretePath | undefined)[] {
  const found = new Map<JsonObject, ConcretePath[]>();
  locate(root, path, 0, [], found);
  for (const locations of found.values()) locations.reverse();
  // What is in several places is there in the same order as before.
  return entities.map((entity) => found.get(entity)?.pop());
}

function addLocation(found: Map<JsonObject, ConcretePath[]>, entity: JsonObject, location: ConcretePath): void {
  const locations = found.get(entity);
  if (locations) locations.push(location);
  else found.set(entity, [location]);
}

function locate(value: unknown, path: ResponsePath, depth: number, location: ConcretePath, found: Map<JsonObject, ConcretePath[]>): void {
  if (Array.isArray(value)) {
    if (path[depth] !== everyItem) return;
    for (const [index, item] of value.entries()) locate(item, path, depth + 1, [...location, index], found);
  } else if (isJsonObject(value)) {
    const key = path[depth];
    if (key === undefined) addLocation(found, value, location);
    else locate(ownValue(value, String(key)), path, depth + 1, [...location, String(key)], found);
  }
}
