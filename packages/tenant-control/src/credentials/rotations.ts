import { randomUUID } from 'node:crypto';
import type { Prisma, TenantStatus } from '@tenantry/prisma/control';
import type { Logger } from '@tenantry/service';
import { writeAudit } from '../catalog/audit.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { ClusterMissingError, RotationError, RotationRefusedError } from '../errors.ts';
import { allowed, readTenant, recordingRefusals, type Request } from '../life/change-tenant.ts';
import { assertNoSaga, lockTenant } from '../life/locked-tenant.ts';
import type { ClaimedSaga } from '../sagas/claimed-saga.ts';
import { SagaError } from '../sagas/errors.ts';
import type { Sagas } from '../sagas/sagas.ts';
import { loginNameOf } from '../tenant-databases/login.ts';
import type { Actor, Tenant } from '../tenant.ts';
import type { RotationServices } from './rotation-context.ts';
import { parseRotation, type RotationInput } from './rotation-input.ts';
import { rotationSaga } from './rotation-saga.ts';

export interface RotateOptions {
  /**
   * Closes the old login as soon as the new one is in force, and ends what uses it: for a password that somebody else has. Default false:
   * it is closed when no process uses it any more, and no request fails.
   */
  readonly atOnce?: boolean | null | undefined;
}

export interface RotationsOptions extends Omit<RotationServices, 'stopping' | 'onPublished'> {
  readonly catalog: Catalog;
  readonly sagas: Sagas;
  readonly logger: Logger;
}

const rotatable: ReadonlySet<TenantStatus> = new Set(['ACTIVE', 'SUSPENDED']);

/** The rotations of credentials that this process was asked for. Disposing of it leaves those that wait to another process. */
export class Rotations implements AsyncDisposable {
  readonly #options: RotationsOptions;
  readonly #stopping = new AbortController();
  /** What waits for the new credentials of a rotation to be in force, by the saga's id. */
  readonly #waiting = new Map<string, () => void>();
  readonly #running = new Set<Promise<void>>();

  constructor(options: RotationsOptions) {
    this.#options = options;
    const onPublished = (sagaId: string) => this.#waiting.get(sagaId)?.();
    options.sagas.define(rotationSaga({ ...options, stopping: this.#stopping.signal, onPublished }));
  }

  /**
   * Gives a tenant another login with another password. Resolves when that is in force and every process was told; with `atOnce`, when the
   * old one opens nothing any more. Otherwise the old one is closed later on, by this process or another.
   *
   * @throws {TenantNotFoundError} {RotationRefusedError} {TenantInTransitionError} {ClusterMissingError} {RotationError}
   */
  async rotate(id: string, actor: Actor, { atOnce: maybeAtOnce }: RotateOptions): Promise<Tenant> {
    const { catalog, db } = this.#options;
    const request = { id, action: 'tenant.rotate', actor };
    const atOnce = maybeAtOnce ?? false;
    const saga = await recordingRefusals(request, catalog, async () => await this.#begin(request, atOnce));
    try {
      await this.#run(saga, atOnce);
    } catch (error) {
      if (!(error instanceof SagaError)) throw error;
      throw new RotationError(parseRotation(saga.input).slug, error);
    }
    return await readTenant(db, saga.tenantId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('The process is stopping.'));
    await Promise.allSettled(this.#running);
  }

  async #begin(request: Request, atOnce: boolean): Promise<ClaimedSaga> {
    return await this.#options.sagas.begin(async (tx) => {
      const input = await this.#describe(tx, request.id, atOnce);
      await writeAudit(tx, allowed(request, { credentialVersion: input.credentialVersion + 1, atOnce }));
      return { id: randomUUID(), kind: 'ROTATE', tenantId: input.tenantId, input, actor: request.actor };
    });
  }

  async #describe(tx: Prisma.TransactionClient, id: string, atOnce: boolean): Promise<RotationInput> {
    const tenant = await lockTenant(tx, id);
    const { id: tenantId, slug, status, clusterName, databaseName, roleName, loginName: oldLogin, credentialVersion } = tenant;
    if (!rotatable.has(status)) throw new RotationRefusedError(slug, status);
    await assertNoSaga(tx, tenant);
    if (!this.#options.clusters.has(clusterName)) throw new ClusterMissingError(clusterName);
    const newLogin = loginNameOf(roleName, credentialVersion + 1);
    return { tenantId, slug, clusterName, databaseName, roleName, oldLogin, newLogin, credentialVersion, atOnce };
  }

  /** @param toItsEnd whether to wait for more than the new credentials to be in force */
  async #run(saga: ClaimedSaga, toItsEnd: boolean): Promise<void> {
    const { sagas, logger } = this.#options;
    const { promise: published, resolve } = Promise.withResolvers<void>();
    this.#waiting.set(saga.id, resolve);
    const running = sagas.run(saga).finally(() => {
      this.#waiting.delete(saga.id);
      this.#running.delete(running);
    });
    this.#running.add(running);
    if (toItsEnd) return await running;
    await Promise.race([running, published]);
    running.catch((err: unknown) => {
      logger.warn({ err, saga: saga.id, tenantId: saga.tenantId }, 'a login that was replaced is not closed yet; it is tried again');
    });
  }
}
