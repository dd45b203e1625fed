import { seal, unseal } from '@tenantry/service';
import type { TenantPlacement } from '../directory/placement.ts';
import { createTenantDatabases, tenantAt, type TenantDatabases } from '../testing/tenant-databases.ts';
import { marksTable } from './tenant-traffic.ts';

/** Tenants that {@link startTraffic} can use, of which the first is about to be in trouble. */
export interface Tenants extends AsyncDisposable {
  readonly databases: TenantDatabases;
  readonly troubled: TenantPlacement;
  /** Shall not notice. */
  readonly others: readonly TenantPlacement[];
}

export async function createTenants(count: number): Promise<Tenants> {
  const databases = await createTenantDatabases(count);
  for (const placement of databases.placements) await databases.within(placement, marksTable);
  const [troubled, others] = [databases.tenant(0), databases.placements.slice(1)];
  return { databases, troubled, others, [Symbol.asyncDispose]: async () => await databases[Symbol.asyncDispose]() };
}

/** Tenants on a server that is about to be in trouble, and tenants of another cluster. */
export interface TenantsOnTwoServers extends AsyncDisposable {
  /** All of them; administered is the server in trouble. */
  readonly databases: TenantDatabases;
  readonly troubled: readonly [TenantPlacement, TenantPlacement];
  /** Shall not notice. */
  readonly others: readonly TenantPlacement[];
}

/** @param url of the server that is to be in trouble, as its superuser; the others are on the tests' Postgres */
export async function createTenantsOnTwoServers(url: string): Promise<TenantsOnTwoServers> {
  await using cleanup = new AsyncDisposableStack();
  const home = cleanup.use(await createTenantDatabases(1));
  const away = cleanup.use(await createTenantDatabases(2, url));
  const moved = away.placements.map((placement) => {
    const { tenantId, sealedPassword } = placement;
    const resealed = seal(unseal(sealedPassword, tenantId, away.keyRing), tenantId, home.keyRing);
    return { ...placement, cluster: 'troubled', sealedPassword: resealed };
  });
  const placements = [...moved, ...home.placements];
  const serverOf = ({ cluster }: TenantPlacement) => (cluster === 'troubled' ? away : home);
  const databases: TenantDatabases = {
    placements,
    tenant: (index) => tenantAt(placements, index),
    keyRing: home.keyRing,
    sessions: async (placement) => await serverOf(placement).sessions(placement),
    administer: async (sql, values) => await away.administer(sql, values),
    within: async (placement, sql, values) => await serverOf(placement).within(placement, sql, values),
    [Symbol.asyncDispose]: async () => {},
  };
  for (const placement of databases.placements) await databases.within(placement, marksTable);
  const owned = cleanup.move();
  const troubled = [databases.tenant(0), databases.tenant(1)] as const;
  return { databases, troubled, others: home.placements, [Symbol.asyncDispose]: async () => await owned.disposeAsync() };
}

/** Ends a tenant's connections, so that it needs others. */
export async function disconnect({ administer }: Pick<TenantDatabases, 'administer'>, { database }: TenantPlacement): Promise<void> {
  await administer('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database]);
}
