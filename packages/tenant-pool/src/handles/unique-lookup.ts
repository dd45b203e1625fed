import { UnsupportedOperationError } from '../errors.ts';
import { isRecord } from './is-record.ts';

const combinators = new Set(['AND', 'OR', 'NOT']);

/**
 * The arguments with which `findFirst` finds the one row that `findUnique` would. The key of a compound unique, such as
 * `{ teamId_userId: { teamId, userId } }`, becomes a condition on its fields; its name must be Prisma's own, the fields joined by
 * underscores.
 *
 * `findFirst` takes a missing value for "any row", where `findUnique` would refuse it. So it is refused here.
 *
 * @param lookup arguments of `findUnique`
 * @param isField whether a name is a scalar field of the model
 * @throws {UnsupportedOperationError} when there is no `where`, or a value of it is undefined or null
 */
export function asFirstLookup(lookup: unknown, isField: (name: string) => boolean): Record<string, unknown> {
  const conditions = isRecord(lookup) && isRecord(lookup['where']) ? Object.entries(lookup['where']) : [];
  if (!isRecord(lookup) || conditions.length === 0) throw new UnsupportedOperationError('findUnique needs a unique key in `where`.');
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
  if (!isRecord(value)) return false;
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
