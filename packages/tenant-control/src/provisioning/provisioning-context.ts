import type { PrismaClient } from '@tenantry/prisma/control';
import { unseal, type KeyRing } from '@tenantry/service';
import type { Client } from 'pg';
import { ExclusiveCluster } from '../clusters/exclusive-cluster.ts';
import type { TenantLogin } from '../clusters/pooler-access.ts';
import { ClusterMissingError } from '../errors.ts';
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
}

/** Everything that the steps of one provisioning share. */
export class ProvisioningContext implements AsyncDisposable {
  readonly saga: ClaimedSaga;
  readonly db: PrismaClient;
  readonly input: ProvisioningInput;
  readonly tenant: TenantDatabase;
  readonly cluster: ExclusiveCluster;
  readonly middle: ReachMiddle;
  readonly #keyRing: KeyRing;
  #login: Promise<TenantLogin> | undefined;
  #asTenant: Promise<Client> | undefined;

  constructor({ saga, middle, db, keyRing, clusters }: ProvisioningContextOptions) {
    this.saga = saga;
    this.db = db;
    this.middle = middle;
    this.#keyRing = keyRing;
    this.input = parseProvisioning(saga.input);
    this.tenant = namesOf(saga.tenantId);
    const admin = clusters.get(this.input.clusterName);
    if (!admin) throw new ClusterMissingError(this.input.clusterName);
    this.cluster = new ExclusiveCluster(admin, `tenantry: tenant ${saga.tenantId}`, async () => await saga.assertHeld());
  }

  get slug(): string {
    return this.input.specification.slug;
  }

  /** How the tenant will sign in. */
  async login(): Promise<TenantLogin> {
    return await (this.#login ??= this.#readLogin());
  }

  /**
   * To be called before anything is dropped.
   *
   * @throws when the tenant was ever served: its data is not this saga's to drop
   */
  async assertNeverServed(): Promise<void> {
    const { id } = this.tenant;
    const served = await this.db.tenant.findFirst({
      where: { id, status: { notIn: ['PROVISIONING', 'FAILED'] } },
      select: { status: true },
    });
    if (served) throw new Error(`The tenant "${this.slug}" is ${served.status}: its provisioning must not be undone.`);
  }

  /** A connection to the tenant's database with the tenant's own role, the same for all steps. */
  async asTenant(): Promise<Client> {
    return await (this.#asTenant ??= this.#signIn());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const client = await this.#asTenant?.catch(() => undefined);
    await client?.end();
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
