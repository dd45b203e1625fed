import { getResponseName, type QueryPlanSelectionNode } from '@apollo/query-planner';
import { isJsonObject, ownValue, setOwnValue, type JsonObject } from '../json.ts';
import type { ObjectTypes } from '../object-types.ts';
import { mergeInto } from './merge.ts';

/** Picks out of an entity what another subgraph needs to know it by; null when the entity lacks some of it. */
export type Represent = (entity: JsonObject) => JsonObject | null;

/** Adds what one selection picks; false when the entity lacks it. */
type Pick = (entity: JsonObject, representation: JsonObject) => boolean;

/** Compiles what a fetch `requires` of each entity. */
export function compileRepresentation(selections: readonly QueryPlanSelectionNode[], types: ObjectTypes): Represent {
  const picks = selections.map((selection) => compileSelection(selection, types));
  return (entity) => {
    const representation: JsonObject = {};
    return picks.every((pick) => pick(entity, representation)) ? representation : null;
  };
}

function compileSelection(selection: QueryPlanSelectionNode, types: ObjectTypes): Pick {
  if (selection.kind === 'Field') {
    const name = getResponseName(selection);
    const represent = selection.selections && compileRepresentation(selection.selections, types);
    return (entity, representation) => {
      const value = ownValue(entity, name);
      if (value === undefined) return false;
      setOwnValue(representation, name, represent ? representValue(value, represent) : value);
      return true;
    };
  }
  if (selection.typeCondition === undefined) return () => true;
  const typenames = types.satisfying(selection.typeCondition);
  const represent = compileRepresentation(selection.selections, types);
  return (entity, representation) => {
    const typename = entity['__typename'];
    const picked = typeof typename === 'string' && typenames.has(typename) ? represent(entity) : null;
    if (picked) mergeInto(representation, picked);
    return true;
  };
}

function representValue(value: unknown, represent: Represent): unknown {
  if (Array.isArray(value)) return value.map((item) => representValue(item, represent));
  return isJsonObject(value) ? represent(value) : null;
}

/** The different representations of some entities, and which entities each of them stands for. */
export interface Representations {
  readonly values: JsonObject[];
  /** For each value, the places of its entities in the list that was given. */
  readonly entities: number[][];
}

/** Represents every entity that can be, equal ones once. */
export function representAll(entities: readonly JsonObject[], represent: Represent): Representations {
  const values: JsonObject[] = [];
  const places: number[][] = [];
  const known = new Map<string, number[]>();
  for (const [index, entity] of entities.entries()) {
    const representation = represent(entity);
    if (!representation?.['__typename']) continue;
    const key = entities.length === 1 ? '' : JSON.stringify(representation);
    const same = known.get(key);
    if (same) {
      same.push(index);
      continue;
    }
    const place = [index];
    known.set(key, place);
    values.push(representation);
    places.push(place);
  }
  return { values, entities: places };
}
