import { bearerToken, resolveTenantContext, type TenantContext, type TokenVerifier } from '@tenantry/auth';
import { UnauthenticatedError } from '@tenantry/service';
import type { Credentials } from './credentials.ts';

export interface IdentityOptions {
  readonly verifier: TokenVerifier;
  /** Milliseconds between two looks whether the token is still good: it may be revoked, or its key withdrawn. Default 10000. */
  readonly recheckMs?: number;
}

/** Who a client is, for as long as that can be said. */
export interface Identity extends Disposable {
  /** Aborted, with an {@link UnauthenticatedError}, when the token is good no longer. Never without a token. */
  readonly ended: AbortSignal;
  readonly tenantContext: TenantContext;
}

const defaultRecheckMs = 10_000;

/** Milliseconds by which the gateway ends what a token began before it expires, so that it is not up to the subgraphs to say so. */
const leadMs = 250;

/**
 * @param origin address of the client
 * @throws {UnauthenticatedError} {ForbiddenError} {BadInputError} {IdentityProviderUnavailableError}
 */
export async function identify(credentials: Credentials, origin: string | null, options: IdentityOptions): Promise<Identity> {
  const token = bearerToken(credentials.authorization);
  const principal = token === null ? null : await options.verifier.verify(token);
  const tenantContext = resolveTenantContext(principal, { requestedTenantId: credentials.tenantId, origin });
  const validity = token === null ? lasting : watch(token, principal?.expiresAt ?? null, options);
  return { tenantContext, ...validity };
}

type Validity = Pick<Identity, 'ended' | typeof Symbol.dispose>;

const lasting: Validity = { ended: new AbortController().signal, [Symbol.dispose]: () => {} };

/** @throws {UnauthenticatedError} when the token expires this very moment */
function watch(token: string, expiresAt: number | null, { verifier, recheckMs = defaultRecheckMs }: IdentityOptions): Validity {
  const ended = new AbortController();
  const remaining = () => (expiresAt === null ? Number.POSITIVE_INFINITY : expiresAt * 1000 - leadMs - Date.now());
  if (remaining() <= 0) throw expired();
  let timer: NodeJS.Timeout;
  let isDisposed = false;
  const wait = () => {
    timer = setTimeout(() => void look(), Math.min(Math.max(remaining(), 0), recheckMs)).unref();
  };
  const look = async (): Promise<void> => {
    if (remaining() <= 0) return ended.abort(expired());
    try {
      await verifier.verify(token);
    } catch (error) {
      // Where the issuer cannot be asked, what was known a moment ago holds.
      if (error instanceof UnauthenticatedError) return ended.abort(error);
    }
    if (!isDisposed) wait();
  };
  wait();
  return {
    ended: ended.signal,
    [Symbol.dispose]: () => {
      isDisposed = true;
      clearTimeout(timer);
    },
  };
}

function expired(): UnauthenticatedError {
  return new UnauthenticatedError('The token has expired: subscribe again with a fresh one.');
}
