import { hash } from 'node:crypto';
import { UnauthenticatedError } from '@tenantry/service';
import { LRUCache } from 'lru-cache';
import type { Principal } from './principal.ts';
import { covers, Revocations, type CompleteRevocation, type Revocation } from './revocations.ts';
import { createTokenCheck, type CheckedToken, type CheckToken, type TokenRules } from './token-check.ts';
import { hasExpired } from './token-times.ts';
import { refuseOversized } from './unverified-token.ts';

export interface TokenVerifierConfig extends TokenRules {
  readonly cache?: Partial<TokenCacheLimits>;
}

/** How many checked tokens are remembered; the least recently used goes first. */
export interface TokenCacheLimits {
  /** Default 20000. */
  tokens: number;
  /** Bytes of the tokens together, which what is remembered of them does not exceed by much. Default 16 MiB. */
  bytes: number;
}

export interface TokenVerifier {
  /**
   * @returns frozen, and the same for every call with the same token
   * @throws {UnauthenticatedError} saying what is wrong with the token, without repeating it
   * @throws {IdentityProviderUnavailableError} when the issuer's keys cannot be fetched
   */
  verify(token: string): Promise<Principal>;
  /**
   * Refuses tokens before they expire, from now on and in this process: each process has to be told, and told again what is
   * {@link TokenVerifier.revocations in force} when it starts. To be told twice, or in another order, makes no difference.
   *
   * @returns the revocation with nothing left to defaults, for the other processes
   * @throws {BadInputError} when it means nobody
   * @throws {RevocationsFullError}
   */
  revoke(revocation: Revocation): CompleteRevocation;
  /** What is in force. */
  revocations(): readonly CompleteRevocation[];
}

const defaultCacheLimits: TokenCacheLimits = { tokens: 20_000, bytes: 16 * 1024 * 1024 };

/** A verifier with the issuers' key sets and the tokens that it checked in memory: make one a process. */
export function createTokenVerifier({ cache, ...rules }: TokenVerifierConfig): TokenVerifier {
  return new CachingTokenVerifier(createTokenCheck(rules), { ...defaultCacheLimits, ...cache });
}

/**
 * Checks a token once. Afterwards it is good until it expires, is revoked, or its issuer no longer publishes the key that signed it,
 * which is looked up every time, under all the rules for a key's age. No refusal is remembered: what is wrong today may be right tomorrow.
 */
class CachingTokenVerifier implements TokenVerifier {
  readonly #check: CheckToken;
  /** By their SHA-256, so that no token that somebody could use stays in memory. */
  readonly #checked: LRUCache<string, CheckedToken>;
  readonly #checking = new Map<string, Promise<CheckedToken>>();
  readonly #revocations = new Revocations();

  constructor(check: CheckToken, { tokens, bytes }: TokenCacheLimits) {
    this.#check = check;
    this.#checked = new LRUCache({ max: tokens, maxSize: bytes });
  }

  async verify(token: string): Promise<Principal> {
    refuseOversized(token);
    const id = hash('sha256', token, 'base64url');
    const held = this.#checked.get(id);
    if (held && !hasExpired(held.expiresAt) && (held.hasFreshKey() || (await this.#isStillGood(id, held)))) return held.principal;
    const { principal } = await (this.#checking.get(id) ?? this.#checkOnce(id, token));
    return principal;
  }

  revoke(revocation: Revocation): CompleteRevocation {
    const added = this.#revocations.add(revocation);
    for (const [id, token] of this.#checked.entries()) if (covers(added, token)) this.#checked.delete(id);
    return added;
  }

  revocations(): readonly CompleteRevocation[] {
    return this.#revocations.inForce();
  }

  async #isStillGood(id: string, held: CheckedToken): Promise<boolean> {
    const hasSameKey = await held.hasSameKey();
    // It may have been revoked meanwhile.
    return hasSameKey && this.#checked.peek(id) === held;
  }

  #checkOnce(id: string, token: string): Promise<CheckedToken> {
    const checking = this.#checkAndRemember(id, token).finally(() => this.#checking.delete(id));
    this.#checking.set(id, checking);
    return checking;
  }

  async #checkAndRemember(id: string, token: string): Promise<CheckedToken> {
    const checked = await this.#check(token);
    // No await from here: a revocation either is seen now or finds the token among those that are remembered.
    if (this.#revocations.cover(checked)) throw new UnauthenticatedError('The token was revoked. Sign in again.');
    this.#checked.set(id, checked, { size: token.length });
    return checked;
  }
}
