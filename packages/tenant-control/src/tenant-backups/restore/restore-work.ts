import type { PoolClient } from 'pg';
import { z } from 'zod';
import type { LongWork } from '../../backups/long-work.ts';
import type { LifeServices } from '../../life/services.ts';
import { TenantWork } from '../../life/tenant-work.ts';
import type { ClaimedSaga } from '../../sagas/claimed-saga.ts';
import type { ReachMiddle, SagaStep } from '../../sagas/saga.ts';
import type { TenantDatabase } from '../../tenant-databases/database.ts';
import { findOwnDatabase } from '../../tenant-databases/own-database.ts';
import type { BackupServices } from '../services.ts';

export type RestoreStep = SagaStep<RestoreWork>;

/** What is restored. */
const restoreInput = z.object({ backupId: z.string() });

/** What the steps have found out, as far as they have come. */
const restoreFacts = z.object({
  /** Whether the tenant had a database when it began. */
  hadDatabase: z.boolean().exactOptional(),
  /** The backup of what was in place. */
  keptBackupId: z.string().exactOptional(),
});

export type RestoreFacts = z.output<typeof restoreFacts>;

/**
 * The databases of a tenant that is restored in place, all of them marked as the tenant's. `restored` is made beside `place`; when both are
 * swapped, what was in place is `replaced`.
 */
export type RestoreSpot = 'place' | 'restored' | 'replaced';

export function parseRestore(input: unknown): z.output<typeof restoreInput> {
  return restoreInput.parse(input);
}

/** What the steps of one restore in place share. */
export class RestoreWork implements AsyncDisposable {
  readonly tenantWork: TenantWork;
  readonly services: BackupServices;
  readonly backupId: string;
  readonly long: LongWork;

  private constructor(tenantWork: TenantWork, services: BackupServices, onProgress: LongWork['onProgress']) {
    this.tenantWork = tenantWork;
    this.services = services;
    this.backupId = parseRestore(tenantWork.saga.input).backupId;
    this.long = { signal: tenantWork.saga.signal, onProgress };
  }

  /** @throws {ClusterMissingError} in a process that cannot do it; another one may */
  static async open(
    saga: ClaimedSaga,
    middle: ReachMiddle,
    { life, services, onProgress }: { life: LifeServices; services: BackupServices; onProgress: LongWork['onProgress'] },
  ): Promise<RestoreWork> {
    return new RestoreWork(await TenantWork.open(saga, middle, life), services, onProgress);
  }

  get facts(): RestoreFacts {
    return restoreFacts.parse(this.tenantWork.saga.data);
  }

  async remember(facts: RestoreFacts): Promise<void> {
    await this.tenantWork.saga.remember(facts);
  }

  async session(): Promise<PoolClient> {
    return await this.tenantWork.session();
  }

  database(spot: RestoreSpot): TenantDatabase {
    const { id, databaseName, roleName } = this.tenantWork.tenant;
    return { id, roleName, databaseName: spot === 'place' ? databaseName : `${databaseName}_${spot}` };
  }

  /** @returns false when it is not there @throws {ForeignDatabaseError} */
  async has(spot: RestoreSpot): Promise<boolean> {
    return await findOwnDatabase(await this.session(), this.tenantWork.cluster.admin.name, this.database(spot));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tenantWork[Symbol.asyncDispose]();
  }
}
