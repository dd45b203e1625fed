import { requirePrincipal, requireTenant, type Principal, type TenantContext } from '@tenantry/auth';
import type { TenantDb, TenantLease, TenantPool } from '@tenantry/tenant-pool';
import type { MemberLookups } from './member-lookups.ts';
import { findMember } from './membership-store.ts';
import { createViewer, type Viewer } from './viewer.ts';

/** One request to a subgraph: who asks, for which tenant, and the way to that tenant's database. Ends with its response. */
export interface SubgraphRequest {
  /** As the gateway signed it. */
  readonly tenantContext: TenantContext;
  /** As the gateway says, which nobody vouches for: for logs, audit entries and errors, and never for a decision. */
  readonly requestId: string;
  /** Name of the operation, for logs and metrics. */
  readonly operation: string;
  /** Aborted when nobody waits for the answer any longer. */
  readonly signal: AbortSignal;
  /** Who asks, as the tenant's own database knows them. */
  readonly viewer: Viewer;
  /** @throws {UnauthenticatedError} when nobody is signed in */
  principal(): Principal;
  /**
   * The id of the one tenant whose data the request may touch.
   *
   * @throws {TenantRequiredError}
   */
  tenantId(): string;
  /**
   * The tenant's database, for its members and operators that act in it. The same lease serves the whole request.
   *
   * @throws {TenantRequiredError} when the request is for no tenant
   * @throws {ForbiddenError} when the caller is not an active member
   */
  db(): Promise<TenantDb>;
  /**
   * The tenant's database without the membership check of {@link db}: only for what somebody who is not a member yet may do,
   * such as accepting an invitation.
   */
  dbForNonMember(): Promise<TenantDb>;
}

export interface SubgraphRequestOptions {
  tenantContext: TenantContext;
  requestId: string;
  operation: string;
  signal: AbortSignal;
  pool: Pick<TenantPool, 'lease'>;
  members: Pick<MemberLookups, 'find'>;
}

/** Opens a request's scope; disposing of it gives its lease back and lets nobody take another. */
export function openSubgraphRequest(options: SubgraphRequestOptions): SubgraphRequest & AsyncDisposable {
  return new LeasingRequest(options);
}

class LeasingRequest implements SubgraphRequest, AsyncDisposable {
  readonly tenantContext: TenantContext;
  readonly requestId: string;
  readonly operation: string;
  readonly signal: AbortSignal;
  readonly viewer: Viewer;
  readonly #pool: Pick<TenantPool, 'lease'>;
  #lease: Promise<TenantLease> | undefined;
  #hasEnded = false;

  constructor({ tenantContext, requestId, operation, signal, pool, members }: SubgraphRequestOptions) {
    this.tenantContext = tenantContext;
    this.requestId = requestId;
    this.operation = operation;
    this.signal = signal;
    this.#pool = pool;
    this.viewer = createViewer(tenantContext, async () => {
      const principal = this.principal();
      const db = await this.dbForNonMember();
      return await members.find(this.tenantId(), principal, async () => await findMember(db, principal));
    });
  }

  principal(): Principal {
    return requirePrincipal(this.tenantContext);
  }

  tenantId(): string {
    return requireTenant(this.tenantContext);
  }

  async db(): Promise<TenantDb> {
    await this.viewer.requireMember();
    return await this.dbForNonMember();
  }

  async dbForNonMember(): Promise<TenantDb> {
    this.principal();
    // No await between the check and the assignment, so that a request never takes two leases, nor one after its end.
    if (this.#hasEnded) throw new Error(`The request ${this.requestId} has ended: it reaches no database any more.`);
    this.#lease ??= this.#pool.lease(this.tenantId(), { operation: this.operation, signal: this.signal });
    return (await this.#lease).db;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hasEnded = true;
    const lease = await this.#lease?.catch(() => undefined);
    await lease?.[Symbol.asyncDispose]();
  }
}
