import { ForbiddenError } from '@tenantry/service';
import type { Acting } from '@tenantry/subgraph-kit';
import { refuse } from '../errors.ts';
import type { Standing } from './user-store.ts';

/** @throws {ForbiddenError} unless the caller may make, unmake and invite owners */
export function requireOwner({ role }: Acting): void {
  if (role !== 'OWNER') throw new ForbiddenError('Only an owner may make, change or remove an owner.');
}

/**
 * Checks a change of somebody's role or status against the rules for owners. `locked` holds the user before the change and every
 * active owner, locked until the change is made: what is decided here stays true.
 *
 * @throws {ForbiddenError} when an owner is concerned and the caller is not an active owner
 * @throws {RefusedError} `LAST_OWNER` when no active owner would be left
 */
export function checkOwnerRules(acting: Acting, before: Standing, after: Standing, locked: readonly Standing[]): void {
  if (before.role !== 'OWNER' && after.role !== 'OWNER') return;
  requireOwner(acting);
  const owners = locked.filter(isActiveOwner);
  if (isActiveOwner(before) && !isActiveOwner(after) && owners.length === 1) {
    refuse('LAST_OWNER', 'This is the last active owner: make somebody else an owner first.', 'id');
  }
  // The caller's role was read before the lock was had.
  if (!owners.some(({ id }) => id === acting.userId)) throw new ForbiddenError('You are not an owner any more.');
}

function isActiveOwner({ role, status }: Standing): boolean {
  return role === 'OWNER' && status === 'ACTIVE';
}
