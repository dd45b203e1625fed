import { randomUUID } from 'node:crypto';
import type { TenantryError } from '@tenantry/service';
import { silentLogger } from '@tenantry/service';
import { createTenantDirectory, type TenantPlacement } from '@tenantry/tenant-pool';
import { expect, it } from 'vitest';
import { TenantStandings } from './tenant-standings.ts';

type Status = TenantPlacement['status'];

function placementOf(tenantId: string, status: Status): TenantPlacement {
  const place = { host: 'db.example', port: 5432, sslMode: 'disable', pooling: 'direct', database: 'd', role: 'r' } as const;
  return { tenantId, slug: 'acme', status, tier: 'STANDARD', cluster: 'c', ...place, sealedPassword: 's', credentialVersion: 1 };
}

/** Tenants whose every change is lost, and one who watches them. */
function openScene(recheckMs: number) {
  const statuses = new Map<string, Status>();
  const scene = { statuses, isDown: false };
  const source = {
    findPlacement: async (tenantId: string) => {
      if (scene.isDown) throw new Error('the control database is down');
      const status = statuses.get(tenantId);
      return status ? placementOf(tenantId, status) : null;
    },
  };
  const bus = { publish: async () => {}, subscribe: () => ({ [Symbol.dispose]() {} }) };
  const directory = createTenantDirectory({ source, bus, logger: silentLogger, memoryTtlMs: 1, negativeTtlMs: 1 });
  return { ...scene, scene, standings: new TenantStandings({ directory, recheckMs }) };
}

it('a change of which no word came is noticed by and by, and of nothing else', async () => {
  const { statuses, standings } = openScene(10);
  using _standings = standings;
  const [suspended, served] = [randomUUID(), randomUUID()];
  for (const id of [suspended, served]) statuses.set(id, 'ACTIVE');
  const told: TenantryError[] = [];
  using _first = standings.watch(suspended, (refusal) => told.push(refusal));
  using _second = standings.watch(served, (refusal) => told.push(refusal));
  statuses.set(suspended, 'SUSPENDED');
  await expect.poll(() => told.map(({ code }) => code)).toContain('TENANT_SUSPENDED');
  expect(told.every(({ message }) => message.includes(suspended))).toBe(true);
});

it.each<[Status | undefined, string]>([
  ['SUSPENDED', 'TENANT_SUSPENDED'],
  ['DELETING', 'TENANT_NOT_FOUND'],
  ['DELETED', 'TENANT_NOT_FOUND'],
  [undefined, 'TENANT_NOT_FOUND'],
])('a tenant that is %s is not served', async (status, code) => {
  const { statuses, standings } = openScene(60_000);
  using _standings = standings;
  const id = randomUUID();
  if (status) statuses.set(id, status);
  await expect(standings.check(id)).rejects.toMatchObject({ code });
});

it.each<Status>(['ACTIVE', 'MIGRATING', 'HIBERNATED', 'WAKING'])('a tenant that is %s is, or soon', async (status) => {
  const { statuses, standings } = openScene(60_000);
  using _standings = standings;
  const id = randomUUID();
  statuses.set(id, status);
  await expect(standings.check(id)).resolves.toBeUndefined();
});

it('what cannot be told refuses who comes, and ends nothing', async () => {
  const { statuses, standings, scene } = openScene(5);
  using _standings = standings;
  const id = randomUUID();
  statuses.set(id, 'ACTIVE');
  const told: TenantryError[] = [];
  using _watch = standings.watch(id, (refusal) => told.push(refusal));
  scene.isDown = true;
  await expect(standings.check(id)).rejects.toMatchObject({ code: 'TENANT_UNAVAILABLE' });
  expect(told).toEqual([]);
  statuses.set(id, 'SUSPENDED');
  scene.isDown = false;
  await expect.poll(() => told.length).toBeGreaterThan(0);
});
