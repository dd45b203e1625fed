import { TenantStatus } from '@tenantry/prisma/control';
import { expect, test } from 'vitest';
import { IllegalTransitionError } from './errors.ts';
import { allows, transitions, type TransitionName } from './tenant-status.ts';

const names = Object.keys(transitions).filter((name): name is TransitionName => name in transitions);
const statuses = Object.values(TenantStatus);

const targets = (name: TransitionName): readonly TenantStatus[] => [transitions[name].to].flat();

/** Every edge of the picture in the design, written out. */
const edges = [
  'PROVISIONING → ACTIVE',
  'ACTIVE → SUSPENDED',
  'SUSPENDED → ACTIVE',
  'ACTIVE → HIBERNATED',
  'HIBERNATED → WAKING',
  'WAKING → ACTIVE',
  'ACTIVE → MIGRATING',
  'MIGRATING → ACTIVE',
  'ACTIVE → DELETING',
  'SUSPENDED → DELETING',
  'HIBERNATED → DELETING',
  'FAILED → DELETING',
  'PROVISIONING → DELETING',
  'WAKING → DELETING',
  'MIGRATING → DELETING',
  'DELETING → ACTIVE',
  'DELETING → SUSPENDED',
  'DELETING → HIBERNATED',
  'DELETING → FAILED',
  'DELETING → DELETED',
  'HIBERNATED → ACTIVE',
  'FAILED → ACTIVE',
  'WAKING → HIBERNATED',
  'FAILED → HIBERNATED',
  'PROVISIONING → FAILED',
  'HIBERNATED → FAILED',
  'WAKING → FAILED',
  'MIGRATING → FAILED',
];

test('a tenant changes its status along these edges and no others', () => {
  const allowed = statuses.flatMap((from) =>
    names.filter((name) => allows(from, name)).flatMap((name) => targets(name).map((to) => `${from} → ${to}`)),
  );
  expect([...new Set(allowed)].toSorted()).toEqual(edges.toSorted());
});

test('every status can be reached, and only DELETED is final', () => {
  const reached = new Set<TenantStatus>(['PROVISIONING', ...names.flatMap(targets)]);
  expect(statuses.filter((status) => !reached.has(status))).toEqual([]);
  expect(statuses.filter((status) => !names.some((name) => allows(status, name)))).toEqual(['DELETED']);
});

test('a refused transition says what the tenant is and what it would have to be', () => {
  const error = new IllegalTransitionError('acme', 'MIGRATING', 'suspend');
  expect(error.code).toBe('CONFLICT');
  expect(error.message).toBe('The tenant "acme" is MIGRATING; only ACTIVE can become SUSPENDED by "suspend".');
  expect(new IllegalTransitionError('acme', 'ACTIVE', 'restore').message).toBe(
    'The tenant "acme" is ACTIVE; only DELETING can become ACTIVE, SUSPENDED, HIBERNATED, or FAILED by "restore".',
  );
});
