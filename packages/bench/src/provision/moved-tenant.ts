import { randomBytes } from 'node:crypto';
import { startDisposablePostgres } from '@tenantry/backing-services';
import { silentLogger, type KeyRing } from '@tenantry/service';
import { createTenantControl, openCatalog, prepareControlDatabase, type MoveReport } from '@tenantry/tenant-control';
import { createTenantDirectory, createTenantPool, openPostgresBus, type TenantPool } from '@tenantry/tenant-pool';

type Way = 'replication' | 'dump';

/** A tenant on one of two servers, each of which can be replicated to the other, and a pool as a process of ours has one. */
export interface MovedTenant extends AsyncDisposable {
  readonly pool: TenantPool;
  readonly tenantId: string;
  /** Moves the tenant to the server where it is not, and drops the database that it leaves. */
  move(way: Way): Promise<MoveReport>;
}

const settings = { wal_level: 'logical', shared_buffers: '128MB', fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' };
const actor = { issuer: 'bench', subject: 'bench', requestId: 'bench' };
const names = ['standard', 'premium'] as const;

/** As the services of a process have it. */
const waitForTenantMs = 5000;

export async function openMovedTenant(users: number): Promise<MovedTenant> {
  await using resources = new AsyncDisposableStack();
  const servers = await Promise.all(names.map(async () => resources.use(await startDisposablePostgres({ settings }))));
  const clusters = names.map((name, index) => ({ name, adminUrl: servers[index]?.url ?? '', shelf: 0 }));
  const controlDatabaseUrl = Object.assign(new URL(servers[0]?.url ?? ''), { pathname: '/control' }).href;
  await prepareControlDatabase(controlDatabaseUrl);
  const keyRing: KeyRing = new Map([['k1', randomBytes(32)]]);
  const logger = silentLogger;
  const catalog = resources.use(openCatalog({ controlDatabaseUrl, logger }));
  const bus = resources.use(await openPostgresBus({ controlDatabaseUrl, logger }));
  const control = resources.use(
    await createTenantControl({ catalog, controlDatabaseUrl, clusters, keyRing, bus, logger, keepsHouse: false }),
  );
  const directory = resources.use(createTenantDirectory({ source: catalog, bus, logger }));
  const pool = resources.use(await createTenantPool({ directory, keyRing, service: 'bench', logger, limits: { waitForTenantMs } }));
  const { id: tenantId } = await control.provisionTenant({ slug: 'moved', name: 'Moved', cluster: names[0] }, { actor });
  await fill(pool, tenantId, users);
  const opened = resources.move();
  return {
    pool,
    tenantId,
    move: async (way) => {
      const [tenant] = await catalog.findTenants([tenantId]);
      const cluster = names.find((name) => name !== tenant?.clusterName) ?? names[0];
      await control.moveTenant(tenantId, { cluster, way, confirm: true }, actor);
      const [run] = await catalog.findLatestRuns([tenantId], 1);
      if (!run?.move) throw new Error('There is no account of the move.');
      return run.move;
    },
    [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
  };
}

async function fill(pool: TenantPool, tenantId: string, users: number): Promise<void> {
  await using lease = await pool.lease(tenantId, { operation: 'fill' });
  await lease.db.$executeRaw`
    INSERT INTO users (id, email, name, role, status, updated_at)
    SELECT gen_random_uuid(), n || '@moved.example', 'Somebody by the number ' || n, 'MEMBER', 'INVITED', now()
    FROM generate_series(1, ${users}::int) n`;
}
