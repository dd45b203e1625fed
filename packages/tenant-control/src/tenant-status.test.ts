import { TenantStatus } from '@tenantry/prisma/control';
import { expect, test } from 'vitest';
import { IllegalTransitionError } from './errors.ts';
import { allows, transitions, type TransitionName } from './tenant-status.ts';

const names = Object.keys(transitions).filter((name): name is TransitionName => name in transitions);
const statuses = Object.values(TenantStatus);

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
  'DELETING → DELETED',
  'PROVISIONING → FAILED',
  'WAKING → FAILED',
  'MIGRATING → FAILED',
  'DELETING → FAILED',
];

test('a tenant changes its status along these edges and no others', () => {
  const allowed = statuses.flatMap((from) => names.filter((name) => allows(from, name)).map((name) => `${from} → ${transitions[name].to}`));
  expect(allowed.toSorted()).toEqual(edges.toSorted());
});

test('every status can be reached, and only DELETED is final', () => {
  const reached = new Set<TenantStatus>(['PROVISIONING', ...names.map((name) => transitions[name].to)]);
  expect(statuses.filter((status) => !reached.has(status))).toEqual([]);
  expect(statuses.filter((status) => !names.some((name) => allows(status, name)))).toEqual(['DELETED']);
});

test('a refused transition says what the tenant is and what it would have to be', () => {
  const error = new IllegalTransitionError('acme', 'MIGRATING', 'suspend');
  expect(error.code).toBe('CONFLICT');
  expect(error.message).toBe('The tenant "acme" is MIGRATING; only ACTIVE can become SUSPENDED by "suspend".');
});
