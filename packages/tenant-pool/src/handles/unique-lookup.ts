import { isRecord } from './is-record.ts';

/** What of a lookup is not about which row it finds; `findUnique` and `findFirst` take the same. */
const selections = new Set(['select', 'include', 'omit']);

/** The arguments of a lookup that say which row it finds. */
export function withoutSelections(lookup: unknown): unknown {
  if (!isRecord(lookup)) return lookup;
  return Object.fromEntries(Object.entries(lookup).filter(([name]) => !selections.has(name)));
}

/** The conditions of a lookup, by their names; none where `where` is no object. */
export function conditionsOf(lookup: unknown): [name: string, value: unknown][] {
  return isRecord(lookup) && isRecord(lookup['where']) ? Object.entries(lookup['where']) : [];
}

/**
 * What two lookups have in common that differ in nothing but values, so that `findUnique` takes both or neither. Whether a value is of
 * its field's type is left open: `findFirst` is as strict there.
 *
 * @param lookup arguments of `findUnique`
 * @returns null where there is more to a lookup than fields and compound keys with their values
 */
export function shapeOf(lookup: unknown): string | null {
  if (!isRecord(lookup)) return null;
  for (const name in lookup) if (name !== 'where' && !selections.has(name)) return null;
  const shape: unknown[] = [];
  for (const [name, value] of conditionsOf(lookup)) {
    if (value === undefined) continue;
    if (isScalar(value)) shape.push(name);
    else if (value === null) shape.push([name, null]);
    else if (isPlainRecord(value) && Object.values(value).every(isScalar)) shape.push([name, ...Object.keys(value)]);
    else return null;
  }
  return JSON.stringify(shape);
}

/**
 * The arguments with which `findFirst` finds the one row that `findUnique` would. The key of a compound unique, such as
 * `{ teamId_userId: { teamId, userId } }`, becomes a condition on its fields.
 *
 * @param lookup arguments that `findUnique` takes. Others may be any row to `findFirst`: it takes a filter for a key, and no key at all
 * @param compoundKeys names in `where` of compound uniques
 */
export function asFirstLookup(lookup: unknown, compoundKeys: readonly string[]): unknown {
  if (!isRecord(lookup) || compoundKeys.length === 0) return lookup;
  const where = Object.fromEntries(conditionsOf(lookup));
  const keys = compoundKeys.map((name) => where[name]);
  for (const name of compoundKeys) delete where[name];
  return { ...lookup, where: { ...where, AND: [...keys, ...asList(where['AND'])] } };
}

/** An object as it is written in code, and not one that stands for a value. */
export function isPlainRecord(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && Object.getPrototypeOf(value) === Object.prototype;
}

const scalarTypes = new Set(['string', 'number', 'bigint', 'boolean']);

function isScalar(value: unknown): boolean {
  return scalarTypes.has(typeof value) || value instanceof Date;
}

function asList(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
