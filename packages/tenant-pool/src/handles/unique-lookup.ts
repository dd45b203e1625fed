import { UnsupportedOperationError } from '../errors.ts';

/** Arguments of `findUnique`, as far as they are looked at here. */
export interface UniqueLookup {
  where: Readonly<Record<string, unknown>>;
}

const combinators = new Set(['AND', 'OR', 'NOT']);

/**
 * The arguments with which `findFirst` finds the one row that `findUnique` would. The key of a compound unique, such as
 * `{ teamId_userId: { teamId, userId } }`, becomes a condition on its fields; its name must be Prisma's own, the fields joined by
 * underscores.
 *
 * `findFirst` takes a missing value for "any row", where `findUnique` would refuse it. So it is refused here.
 *
 * @param isField whether a name is a scalar field of the model
 * @throws {UnsupportedOperationError} when a value of `where` is undefined or null
 */
export function asFirstLookup<Lookup extends UniqueLookup>(lookup: Lookup, isField: (name: string) => boolean): Lookup {
  const conditions = Object.entries(lookup?.where ?? {});
  if (conditions.length === 0) throw new UnsupportedOperationError('findUnique needs a unique key in `where`.');
  const where: Record<string, unknown> = {};
  const keys: Record<string, unknown>[] = [];
  for (const [name, value] of conditions) {
    assertValue(name, value);
    if (!isField(name) && !combinators.has(name) && isCompoundKey(name, value, isField)) keys.push(value);
    else where[name] = value;
  }
  if (keys.length === 0) return lookup;
  return { ...lookup, where: { ...where, AND: [...keys, ...asList(where['AND'])] } };
}

function isCompoundKey(name: string, value: unknown, isField: (name: string) => boolean): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const members = Object.keys(value);
  if (members.length < 2 || members.join('_').length !== name.length) return false;
  if (!members.every((member) => isField(member) && name.includes(member))) return false;
  for (const [member, part] of Object.entries(value)) assertValue(`${name}.${member}`, part);
  return true;
}

function assertValue(name: string, value: unknown): void {
  if (value !== undefined && value !== null) return;
  throw new UnsupportedOperationError(`findUnique got ${value} for \`where.${name}\`; use findFirst to look for an absent value.`);
}

function asList(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
