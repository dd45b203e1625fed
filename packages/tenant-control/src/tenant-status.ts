import type { TenantStatus } from '@tenantry/prisma/control';

interface Transition {
  readonly from: readonly TenantStatus[];
  readonly to: TenantStatus;
}

/** Everything that can happen to a tenant's status. What is not listed is refused. */
export const transitions = {
  activate: { from: ['PROVISIONING'], to: 'ACTIVE' },
  suspend: { from: ['ACTIVE'], to: 'SUSPENDED' },
  resume: { from: ['SUSPENDED'], to: 'ACTIVE' },
  hibernate: { from: ['ACTIVE'], to: 'HIBERNATED' },
  wake: { from: ['HIBERNATED'], to: 'WAKING' },
  finishWaking: { from: ['WAKING'], to: 'ACTIVE' },
  migrate: { from: ['ACTIVE'], to: 'MIGRATING' },
  finishMigrating: { from: ['MIGRATING'], to: 'ACTIVE' },
  delete: { from: ['ACTIVE', 'SUSPENDED', 'HIBERNATED', 'FAILED'], to: 'DELETING' },
  finishDeleting: { from: ['DELETING'], to: 'DELETED' },
  fail: { from: ['PROVISIONING', 'WAKING', 'MIGRATING', 'DELETING'], to: 'FAILED' },
} as const satisfies Record<string, Transition>;

export type TransitionName = keyof typeof transitions;

export function allows(status: TenantStatus, transition: TransitionName): boolean {
  const { from }: Transition = transitions[transition];
  return from.includes(status);
}
