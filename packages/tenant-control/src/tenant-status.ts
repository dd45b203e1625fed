import type { TenantStatus } from '@tenantry/prisma/control';

interface Transition {
  readonly from: readonly TenantStatus[];
  /** Several where the tenant gets back the status that it had before. */
  readonly to: TenantStatus | readonly TenantStatus[];
}

/** What a tenant may be when it is deleted, and is again when it is restored. */
const deletable = ['ACTIVE', 'SUSPENDED', 'HIBERNATED', 'FAILED'] as const;

/** Everything that can happen to a tenant's status. What is not listed is refused. */
export const transitions = {
  activate: { from: ['PROVISIONING'], to: 'ACTIVE' },
  suspend: { from: ['ACTIVE'], to: 'SUSPENDED' },
  resume: { from: ['SUSPENDED'], to: 'ACTIVE' },
  hibernate: { from: ['ACTIVE'], to: 'HIBERNATED' },
  undoHibernating: { from: ['HIBERNATED', 'FAILED'], to: 'ACTIVE' },
  wake: { from: ['HIBERNATED'], to: 'WAKING' },
  undoWaking: { from: ['WAKING', 'FAILED'], to: 'HIBERNATED' },
  finishWaking: { from: ['WAKING'], to: 'ACTIVE' },
  migrate: { from: ['ACTIVE'], to: 'MIGRATING' },
  finishMigrating: { from: ['MIGRATING'], to: 'ACTIVE' },
  undoMigrating: { from: ['MIGRATING', 'FAILED'], to: 'ACTIVE' },
  delete: { from: deletable, to: 'DELETING' },
  restore: { from: ['DELETING'], to: deletable },
  /** What nobody brings to its end any more is erased as it is. */
  giveUp: { from: ['PROVISIONING', 'WAKING', 'MIGRATING'], to: 'DELETING' },
  finishDeleting: { from: ['DELETING'], to: 'DELETED' },
  /** A step could be neither done nor undone. What was begun is tried again, and leads out of it by its own `undo…`. */
  fail: { from: ['PROVISIONING', 'HIBERNATED', 'WAKING', 'MIGRATING'], to: 'FAILED' },
} as const satisfies Record<string, Transition>;

export type TransitionName = keyof typeof transitions;

export function allows(status: TenantStatus, transition: TransitionName): boolean {
  const { from }: Transition = transitions[transition];
  return from.includes(status);
}
