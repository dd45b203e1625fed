import type { PrismaClient } from '@tenantry/prisma/control';
import type { KeyRing, Logger } from '@tenantry/service';
import type { InvalidationBus } from '@tenantry/tenant-pool';
import type { BackupStore } from '../backups/stores/backup-store.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import type { Sagas } from '../sagas/sagas.ts';
import type { TenantBackups } from './tenant-backups.ts';

/** What it takes to change a tenant's row. */
export interface ChangeServices {
  readonly catalog: Catalog;
  readonly db: PrismaClient;
  readonly bus: InvalidationBus;
}

/** What it takes to change what a tenant has on its cluster. */
export interface LifeServices extends ChangeServices {
  /** By name. */
  readonly clusters: ReadonlyMap<string, ClusterAdmin>;
  readonly sagas: Sagas;
  readonly keyRing: KeyRing;
  readonly logger: Logger;
  readonly controlDatabaseUrl: string;
  /** Null in a process that makes no backups. */
  readonly backups: TenantBackups | null;
  /** Where backups and exports are kept. Null in a process that has no such place. */
  readonly store: BackupStore | null;
  /** Forgets what waits to be done for a tenant. */
  readonly removeJobs: (tenantId: string) => Promise<void>;
}
