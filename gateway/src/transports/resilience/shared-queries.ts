import { isDeepStrictEqual } from 'node:util';
import type { Principal, TenantContext } from '@tenantry/auth';
import type { SubgraphAnswer, SubgraphOperation } from '../subgraph-transport.ts';
import type { SharedCall } from './shared-call.ts';

/** Queries of one subject that a further one is compared with, at most. */
const comparedQueries = 16;

/** A query to one subgraph and who asks it; must not be changed while it is under way. */
export interface SharedQuery {
  readonly subgraph: string;
  readonly operation: SubgraphOperation;
  readonly tenantContext: TenantContext;
}

interface RunningQuery extends SharedQuery {
  readonly call: SharedCall<SubgraphAnswer>;
}

/**
 * The queries under way whose answer a further request may share: one of the same principal for the same tenant, with the same text
 * and variables, to the same subgraph.
 *
 * One for all subgraphs of a gateway: who has changed something in any of them does not share what was asked before.
 */
export class SharedQueries {
  /** By subject, which several principals may have in common. */
  readonly #running = new Map<string, RunningQuery[]>();
  readonly #identities = new WeakMap<Principal, string>();

  /** The call of the same query, if there is one under way. */
  find(query: SharedQuery): RunningQuery['call'] | undefined {
    const subject = query.tenantContext.principal?.subject;
    if (subject === undefined) return undefined;
    for (const running of this.#running.get(subject) ?? []) if (this.#isSame(running, query)) return running.call;
    return undefined;
  }

  /**
   * Shares a call, until it is removed, which has to be no later than it ends. Those of nobody, who is not one principal, and of
   * operators within a tenant, whose every request is audited, are not shared.
   */
  add(query: RunningQuery): void {
    const { principal, impersonated } = query.tenantContext;
    if (!principal || impersonated) return;
    const running = this.#running.get(principal.subject);
    if (!running) this.#running.set(principal.subject, [query]);
    else if (running.length < comparedQueries) running.push(query);
  }

  remove({ tenantContext, call }: Pick<RunningQuery, 'tenantContext' | 'call'>): void {
    const subject = tenantContext.principal?.subject;
    const running = subject === undefined ? undefined : this.#running.get(subject);
    if (subject === undefined || !running) return;
    const others = running.filter((query) => query.call !== call);
    if (others.length === 0) this.#running.delete(subject);
    else if (others.length < running.length) this.#running.set(subject, others);
  }

  /** Has nobody share what the principal asks at present: it may be older than a change that they know of. */
  forget({ principal }: TenantContext): void {
    if (principal) this.#running.delete(principal.subject);
  }

  #isSame(one: SharedQuery, other: SharedQuery): boolean {
    return one.subgraph === other.subgraph && isSameOperation(one.operation, other.operation) && this.#isSameCaller(one, other);
  }

  /** Compares all that a subgraph is told of who asks. */
  #isSameCaller({ tenantContext: one }: SharedQuery, { tenantContext: other }: SharedQuery): boolean {
    if (one.tenantId !== other.tenantId || one.origin !== other.origin || one.impersonated !== other.impersonated) return false;
    if (one.principal === other.principal) return true;
    return one.principal !== null && other.principal !== null && this.#identityOf(one.principal) === this.#identityOf(other.principal);
  }

  /** Kept for a principal that cannot change. */
  #identityOf(principal: Principal): string {
    const known = this.#identities.get(principal);
    if (known !== undefined) return known;
    const identity = JSON.stringify(principal);
    if (Object.isFrozen(principal)) this.#identities.set(principal, identity);
    return identity;
  }
}

function isSameOperation(one: SubgraphOperation, other: SubgraphOperation): boolean {
  return (
    one.query === other.query &&
    one.operationName === other.operationName &&
    one.scan === other.scan &&
    one.representations === other.representations &&
    isDeepStrictEqual(one.variables ?? {}, other.variables ?? {})
  );
}
