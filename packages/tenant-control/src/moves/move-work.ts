import type { Prisma, Tenant as TenantRow } from '@tenantry/prisma/control';
import { unseal } from '@tenantry/service';
import type { Client, PoolClient } from 'pg';
import type { LongWork, Progress } from '../backups/long-work.ts';
import type { TableData } from '../backups/manifest.ts';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import { ExclusiveCluster, tenantLock } from '../clusters/exclusive-cluster.ts';
import type { TenantLogin } from '../clusters/pooler-access.ts';
import { asOwner, dropAbandonedSoon } from '../credentials/as-owner.ts';
import { announce } from '../life/change-tenant.ts';
import { clusterOf } from '../life/tenant-work.ts';
import type { ClaimedSaga } from '../sagas/claimed-saga.ts';
import { SagaLostError } from '../sagas/errors.ts';
import type { ReachMiddle, SagaStep } from '../sagas/saga.ts';
import { findOwnDatabase } from '../tenant-databases/own-database.ts';
import { parseMove, parseMoveFacts, type MoveFacts, type MoveSagaInput, type MoveWay } from './move-input.ts';
import type { MoveServices } from './move-services.ts';

/** Both ends of a move. */
export type Side = 'source' | 'target';

export interface MoveStep extends SagaStep<MoveWork> {}

/** What the steps of one move share. */
export class MoveWork implements AsyncDisposable {
  readonly saga: ClaimedSaga;
  readonly services: MoveServices;
  readonly middle: ReachMiddle;
  readonly input: MoveSagaInput;
  /** As it was when the saga was taken up. Its names do not change while it is moved. */
  readonly tenant: TenantRow;
  readonly source: ClusterAdmin;
  readonly target: ClusterAdmin;
  /** What was read of the source as it was copied, while nobody could write there; null in a process that did not copy it. */
  copied: readonly TableData[] | null = null;
  readonly #left = new AbortController();
  readonly #owners = new Map<Side, Promise<string>>();
  readonly #standIns: Promise<void>[] = [];
  readonly #over = Promise.withResolvers<void>();

  private constructor(saga: ClaimedSaga, middle: ReachMiddle, services: MoveServices, tenant: TenantRow) {
    this.saga = saga;
    this.middle = middle;
    this.services = services;
    this.tenant = tenant;
    this.input = parseMove(saga.input);
    this.source = clusterOf({ clusterName: this.input.from }, services);
    this.target = clusterOf({ clusterName: this.input.to }, services);
  }

  /** @throws {ClusterMissingError} in a process that cannot do it; another one may */
  static async open(saga: ClaimedSaga, middle: ReachMiddle, services: MoveServices): Promise<MoveWork> {
    const tenant = await services.db.tenant.findUniqueOrThrow({ where: { id: saga.tenantId } });
    return new MoveWork(saga, middle, services, tenant);
  }

  get facts(): MoveFacts {
    return parseMoveFacts(this.saga.data);
  }

  get way(): MoveWay {
    return this.facts.way ?? this.input.way;
  }

  /** Keeps what later steps, and whoever takes over, have to know. */
  async remember(facts: MoveFacts): Promise<void> {
    await this.saga.remember(facts satisfies Prisma.JsonObject);
  }

  /** The cluster of one side. */
  cluster(side: Side): ClusterAdmin {
    return side === 'source' ? this.source : this.target;
  }

  /** URL of the tenant's database on one side, for whatever reads or writes its tables: see {@link asOwner}. Good until this is disposed of. */
  async ownerUrl(side: Side): Promise<string> {
    const known = this.#owners.get(side);
    if (known) return await known;
    const { promise: url, resolve, reject } = Promise.withResolvers<string>();
    this.#owners.set(side, url);
    const standingIn = asOwner(this.cluster(side), this.tenant, async (ownerUrl) => {
      resolve(ownerUrl);
      await this.#over.promise;
    });
    this.#standIns.push(standingIn.catch(reject));
    return await url;
  }

  /** How the tenant signs in, on either side. */
  login(): TenantLogin {
    const { id, databaseName, loginName, sealedPassword } = this.tenant;
    return { databaseName, roleName: loginName, password: unseal(sealedPassword, id, this.services.keyRing) };
  }

  /** Runs `work` with a session of a cluster's administrator beside which no other changes the tenant there; not for waiting. */
  async on<Result>(side: Side, work: (session: PoolClient) => Promise<Result>): Promise<Result> {
    return await this.cluster(side).inTurn(async () => {
      await using cluster = new ExclusiveCluster(
        this.cluster(side),
        tenantLock(this.tenant.id),
        async () => await this.saga.assertHeld(),
        this.saga,
      );
      return await work(await cluster.session());
    });
  }

  /**
   * Runs `work` with a session of the administrator in the tenant's database on one side, beside which no other move works there. When
   * the process dies, the next one waits until Postgres has noticed.
   */
  async within<Result>(side: Side, work: (client: Client) => Promise<Result>): Promise<Result> {
    return await this.cluster(side).within(this.tenant.databaseName, async (client) => {
      await client.query(`SET statement_timeout = 0; SET client_connection_check_interval = '1s'; SET search_path = ''`);
      await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [tenantLock(this.tenant.id)]);
      await this.saga.assertHeld();
      return await work(client);
    });
  }

  /** @returns false when it is not there @throws {ForeignDatabaseError} */
  async hasDatabase(side: Side, session: PoolClient): Promise<boolean> {
    return await findOwnDatabase(session, this.cluster(side).name, this.tenant);
  }

  /** Tells every process that the tenant has changed. */
  async announce(): Promise<void> {
    await announce(this.tenant, this.services.bus);
  }

  report(step: string, tables: Progress | null = null): void {
    this.services.onProgress(this.saga.id, { step, tables });
  }

  /** For what takes long. It stops when this process does, so that another one goes on, or when another one has taken over. */
  longWork(step: string): LongWork & { readonly signal: AbortSignal } {
    const { stopping } = this.services;
    const leave = () => this.#left.abort(new SagaLostError(this.saga.id));
    if (stopping.aborted) leave();
    else stopping.addEventListener('abort', leave, { once: true, signal: this.#left.signal });
    return { signal: AbortSignal.any([this.saga.signal, this.#left.signal]), onProgress: (tables) => this.report(step, tables) };
  }

  /** To be called before the saga ends, when {@link ownerUrl} is not needed any more: whoever is killed after leaves no stand-in. */
  async endStandIns(): Promise<void> {
    this.#over.resolve();
    await Promise.all(this.#standIns);
    // Those of a process that was killed over it; if they stay now, the doctor finds them.
    if (this.saga.attempt === 1) return;
    for (const cluster of [this.source, this.target]) await dropAbandonedSoon(cluster, this.tenant).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#left.abort(new SagaLostError(this.saga.id));
    await this.endStandIns();
  }
}
