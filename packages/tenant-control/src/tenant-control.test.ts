import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { silentLogger } from '@tenantry/service';
import { openInstallation, operator, type Installation } from './testing/installation.ts';
import { createTenantControl, type TenantControl } from './tenant-control.ts';

const server = inject('postgresUrl');
let installation: Installation;

beforeEach(async () => void (installation = await openInstallation({ serverUrl: server })));
afterEach(async () => await installation[Symbol.asyncDispose]());

/** The control plane anew, as after a restart with another TENANT_CLUSTERS. */
async function restart(clusters: Record<string, string>, published: string[] = []): Promise<TenantControl> {
  const { catalog, controlDatabaseUrl, keyRing } = installation;
  return await createTenantControl({
    catalog,
    controlDatabaseUrl,
    keyRing,
    clusters: Object.entries(clusters).map(([name, adminUrl]) => ({ name, adminUrl })),
    bus: {
      publish: async (tenantId) => void published.push(tenantId),
      subscribe: () => ({ [Symbol.dispose]: () => {} }),
    },
    logger: silentLogger,
  });
}

async function clusterFor(control: TenantControl, slug: string, tier: 'STANDARD' | 'PREMIUM', cluster?: string): Promise<string> {
  const { clusterName } = await control.provisionTenant({ slug, name: slug, tier, cluster }, { actor: operator });
  return clusterName;
}

test('a cluster that moved is registered anew, and its tenants are published', async () => {
  const tenant = await installation.control.provisionTenant({ slug: 'acme', name: 'Acme' }, { actor: operator });
  const published: string[] = [];
  await using _same = await restart({ standard: server }, published);
  expect(published).toEqual([]);

  const moved = new URL(server);
  moved.hostname = 'localhost';
  moved.searchParams.set('sslmode', 'disable');
  await using _moved = await restart({ standard: moved.href }, published);
  expect(published).toEqual([tenant.id]);
  expect(await installation.catalog.findPlacement(tenant.id)).toMatchObject({ host: 'localhost', sslMode: 'disable' });
});

test('a tier goes to the cluster of its name, and else to the first one', async () => {
  await using both = await restart({ first: server, premium: server });
  expect(await clusterFor(both, 'one', 'STANDARD')).toBe('first');
  expect(await clusterFor(both, 'two', 'PREMIUM')).toBe('premium');
  expect(await clusterFor(both, 'three', 'PREMIUM', 'first')).toBe('first');
});

test('a cluster that is down keeps nobody from measuring the tenants of the others', async () => {
  await using both = await restart({ standard: server, premium: server });
  const up = await both.provisionTenant({ slug: 'one', name: 'One' }, { actor: operator });
  const lost = await both.provisionTenant({ slug: 'two', name: 'Two', tier: 'PREMIUM' }, { actor: operator });
  await using control = await restart({ standard: server, premium: server.replace(/:\d+\/postgres$/, ':1/postgres') });
  expect(await control.measureUsage([lost.id, up.id])).toEqual([
    expect.objectContaining({ message: 'The cluster "premium" could not be asked what its tenants take up.', cause: expect.any(Error) }),
    { databaseBytes: expect.any(Number), connections: expect.any(Number) },
  ]);
});

test('a cluster that is down refuses tenants and leaves nothing, while the others take them', async () => {
  const down = server.replace(/:\d+\/postgres$/, ':1/postgres');
  await using control = await restart({ standard: server, premium: down });
  await expect(control.provisionTenant({ slug: 'acme', name: 'Acme', tier: 'PREMIUM' }, { actor: operator })).rejects.toMatchObject({
    name: 'ProvisioningError',
    step: 'cluster',
  });
  expect(await installation.query('SELECT slug FROM tenants')).toEqual([]);
  await control.provisionTenant({ slug: 'acme', name: 'Acme' }, { actor: operator });
});
