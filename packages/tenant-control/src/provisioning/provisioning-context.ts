import type { PrismaClient } from '@tenantry/prisma/control';
import { unseal, type KeyRing } from '@tenantry/service';
import type { Client } from 'pg';
import { ExclusiveCluster, tenantLock } from '../clusters/exclusive-cluster.ts';
import type { TenantLogin } from '../clusters/pooler-access.ts';
import { BackupsMissingError, ClusterMissingError } from '../errors.ts';
import { endSoon } from '../postgres/connection.ts';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import type { ClaimedSaga } from '../sagas/claimed-saga.ts';
import type { ReachMiddle } from '../sagas/saga.ts';
import type { TenantDatabase } from '../tenant-databases/database.ts';
import { namesOf } from '../tenant-databases/owned-database.ts';
import { parseProvisioning, type ProvisioningInput } from './provisioning-input.ts';

export interface ProvisioningContextOptions {
  saga: ClaimedSaga;
  middle: ReachMiddle;
  db: PrismaClient;
  keyRing: KeyRing;
  clusters: ReadonlyMap<string, ClusterAdmin>;
  /** Null in a process that has no store of backups. */
  restore: RestoreInto | null;
}

/** Restores a backup, to the newest schema, into an empty database that its owner can use. */
export type RestoreInto = (
  backupId: string,
  target: { readonly admin: ClusterAdmin; readonly database: TenantDatabase; readonly saga: ClaimedSaga },
) => Promise<void>;

/** Everything that the steps of one provisioning share. */
export class ProvisioningContext implements AsyncDisposable {
  readonly saga: ClaimedSaga;
  readonly db: PrismaClient;
  readonly input: ProvisioningInput;
  readonly tenant: TenantDatabase;
  readonly cluster: ExclusiveCluster;
  readonly middle: ReachMiddle;
  readonly #keyRing: KeyRing;
  readonly #restore: RestoreInto | null;
  #login: Promise<TenantLogin> | undefined;
  #asTenant: Promise<Client> | undefined;

  constructor({ saga, middle, db, keyRing, clusters, restore }: ProvisioningContextOptions) {
    this.saga = saga;
    this.db = db;
    this.middle = middle;
    this.#keyRing = keyRing;
    this.#restore = restore;
    this.input = parseProvisioning(saga.input);
    // Left to a process that has the backup.
    if (this.input.backupId != null && !restore) throw new BackupsMissingError();
    this.tenant = namesOf(saga.tenantId);
    const admin = clusters.get(this.input.clusterName);
    if (!admin) throw new ClusterMissingError(this.input.clusterName);
    this.cluster = new ExclusiveCluster(admin, tenantLock(saga.tenantId), async () => await saga.assertHeld(), saga);
  }

  get slug(): string {
    return this.input.specification.slug;
  }

  /** How the tenant will sign in. */
  async login(): Promise<TenantLogin> {
    return await (this.#login ??= this.#readLogin());
  }

  /** Whether the tenant was ACTIVE once, whatever it is by now: with that it gets a schema version. */
  async wasServed(): Promise<boolean> {
    return (await this.db.tenant.count({ where: { id: this.tenant.id, schemaVersion: { not: null } } })) > 0;
  }

  /**
   * To be called before anything is dropped.
   *
   * @throws when the tenant was ever served: its data is not this saga's to drop
   */
  async assertNeverServed(): Promise<void> {
    if (await this.wasServed()) throw new Error(`The tenant "${this.slug}" was served: its provisioning must not be undone.`);
  }

  /** A connection to the tenant's database with the tenant's own role, the same for all steps. */
  async asTenant(): Promise<Client> {
    return await (this.#asTenant ??= this.#signIn());
  }

  /** Fills the tenant's database, which is empty, with the backup that it begins with. @throws {BackupsMissingError} */
  async restore(backupId: string): Promise<void> {
    if (!this.#restore) throw new BackupsMissingError();
    await this.#restore(backupId, { admin: this.cluster.admin, database: this.tenant, saga: this.saga });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#asTenant?.then(endSoon, () => {});
    await this.cluster[Symbol.asyncDispose]();
  }

  async #signIn(): Promise<Client> {
    const { roleName: role, password, databaseName } = await this.login();
    return await this.cluster.admin.connectAs({ role, password }, databaseName);
  }

  async #readLogin(): Promise<TenantLogin> {
    const { id, databaseName, roleName } = this.tenant;
    const { sealedPassword } = await this.db.tenant.findUniqueOrThrow({ where: { id }, select: { sealedPassword: true } });
    return { databaseName, roleName, password: unseal(sealedPassword, id, this.#keyRing) };
  }
}
