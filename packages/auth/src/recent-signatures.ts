import type { Principal } from './principal.ts';
import type { TenantContext } from './tenant-context.ts';

/** Signatures that are kept of one principal: an operator may act within many tenants, and a token be used from many addresses. */
const mostOfPrincipal = 64;

/** And of all who have no token, each with an address of their own. */
const mostOfNobody = 4096;

/**
 * Signatures that all requests of a caller have in common. They are forgotten all together, period by period: none is used for longer than
 * one, and nothing stays of callers who have gone.
 */
export class RecentSignatures {
  readonly #periodMs: number;
  /** Milliseconds since 1970. */
  #beganAt = -Infinity;
  #ofPrincipals = new WeakMap<Principal, Map<string, string>>();
  #ofNobody = new Map<string, string>();

  constructor(periodMs: number) {
    this.#periodMs = periodMs;
  }

  /**
   * @param now milliseconds since 1970
   * @returns the signature of an equal context for the same audience; where there is none, what `sign` makes
   */
  take({ principal, tenantId, impersonated, origin }: TenantContext, audience: string, now: number, sign: () => string): string {
    // One that could change would be taken for what it was.
    if (principal && !isFrozen(principal)) return sign();
    // A clock that was put back would have them used until it has caught up.
    if (now < this.#beganAt || now >= this.#beganAt + this.#periodMs) this.#forget(now);
    const signatures = principal ? this.#signaturesOf(principal) : this.#ofNobody;
    const key = JSON.stringify([audience, tenantId, impersonated, origin]);
    const known = signatures.get(key);
    if (known !== undefined) return known;
    if (signatures.size >= (principal ? mostOfPrincipal : mostOfNobody)) signatures.clear();
    const signature = sign();
    signatures.set(key, signature);
    return signature;
  }

  #signaturesOf(principal: Principal): Map<string, string> {
    const known = this.#ofPrincipals.get(principal);
    if (known) return known;
    const signatures = new Map<string, string>();
    this.#ofPrincipals.set(principal, signatures);
    return signatures;
  }

  #forget(now: number): void {
    this.#beganAt = now;
    this.#ofPrincipals = new WeakMap();
    this.#ofNobody = new Map();
  }
}

function isFrozen(principal: Principal): boolean {
  return Object.isFrozen(principal) && Object.isFrozen(principal.scopes);
}
