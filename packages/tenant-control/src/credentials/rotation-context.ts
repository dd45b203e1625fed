import type { PrismaClient } from '@tenantry/prisma/control';
import { unseal, type KeyRing } from '@tenantry/service';
import type { InvalidationBus } from '@tenantry/tenant-pool';
import type { PoolClient } from 'pg';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import { ExclusiveCluster, tenantLock } from '../clusters/exclusive-cluster.ts';
import type { TenantLogin } from '../clusters/pooler-access.ts';
import { ClusterMissingError } from '../errors.ts';
import type { ClaimedSaga } from '../sagas/claimed-saga.ts';
import type { ReachMiddle, SagaStep } from '../sagas/saga.ts';
import type { TenantLoginRole } from '../tenant-databases/login.ts';
import type { Patience } from './patience.ts';
import { parseRotation, type RotationInput } from './rotation-input.ts';

export interface RotationServices {
  readonly db: PrismaClient;
  readonly keyRing: KeyRing;
  readonly clusters: ReadonlyMap<string, ClusterAdmin>;
  readonly bus: InvalidationBus;
  readonly patience: Patience;
  /** Aborted when this process leaves what it waits for to another one. */
  readonly stopping: AbortSignal;
  /** Told that a rotation's new credentials are in force, and that everybody was told. */
  readonly onPublished: (sagaId: string) => void;
}

export interface RotationContextOptions extends RotationServices {
  readonly saga: ClaimedSaga;
  readonly middle: ReachMiddle;
}

export type RotationStep = SagaStep<RotationContext>;

/** Name of the fact by which the saga keeps the new password, sealed, until it is the tenant's. Sealed anew by `resealCredentials`. */
export const sealedPasswordFact = 'sealedPassword';

/** Everything that the steps of one rotation share. */
export class RotationContext implements AsyncDisposable {
  readonly saga: ClaimedSaga;
  readonly services: RotationServices;
  readonly input: RotationInput;
  readonly cluster: ClusterAdmin;
  readonly middle: ReachMiddle;

  constructor({ saga, middle, ...services }: RotationContextOptions) {
    this.saga = saga;
    this.middle = middle;
    this.services = services;
    this.input = parseRotation(saga.input);
    const cluster = services.clusters.get(this.input.clusterName);
    if (!cluster) throw new ClusterMissingError(this.input.clusterName);
    this.cluster = cluster;
  }

  get oldLogin(): TenantLoginRole {
    return this.#login(this.input.oldLogin);
  }

  get newLogin(): TenantLoginRole {
    return this.#login(this.input.newLogin);
  }

  /** How the tenant signs in after the switch; there is no telling any more once that was made. */
  signIn(): TenantLogin {
    const sealed = this.saga.data[sealedPasswordFact];
    if (typeof sealed !== 'string') throw new Error('The rotation has no password yet.');
    const password = unseal(sealed, this.saga.tenantId, this.services.keyRing);
    return { databaseName: this.input.databaseName, roleName: this.input.newLogin, password };
  }

  /** Runs `work` with a session of the cluster's administrator beside which no other changes the tenant; not for waiting. */
  async exclusively<Result>(work: (session: PoolClient) => Promise<Result>): Promise<Result> {
    return await this.cluster.inTurn(async () => {
      const { saga } = this;
      await using cluster = new ExclusiveCluster(this.cluster, tenantLock(saga.tenantId), async () => await saga.assertHeld(), saga);
      return await work(await cluster.session());
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #login(loginName: string): TenantLoginRole {
    const { databaseName, roleName } = this.input;
    return { id: this.saga.tenantId, databaseName, roleName, loginName };
  }
}
