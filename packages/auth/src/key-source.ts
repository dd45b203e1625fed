import { UnauthenticatedError } from '@tenantry/service';
import { RemoteKeySet, type KeySetLimits } from './remote-key-set.ts';
import { publicKeyAlgorithms, secretVerificationKey, type VerificationKey } from './verification-key.ts';

/** Where an issuer's keys come from. */
export type TrustedKeys =
  | { readonly kind: 'jwks'; readonly jwksUri: string }
  /** For development only: whoever can check such tokens can also make them. */
  | { readonly kind: 'secret'; readonly secret: Buffer };

interface TokenHeader {
  readonly alg: string;
  readonly kid?: string | undefined;
}

/** Finds the key that must have signed a token. */
export interface KeySource {
  /**
   * A key that may be used with the header's algorithm.
   *
   * @throws {UnauthenticatedError} when there is none
   * @throws {IdentityProviderUnavailableError}
   */
  findKey(header: TokenHeader): Promise<VerificationKey>;
  /** Whether {@link findKey} would find `key` again. False also where that takes waiting to tell. */
  isFresh(header: TokenHeader, key: VerificationKey): boolean;
}

export function createKeySource(keys: TrustedKeys, limits?: Partial<KeySetLimits>): KeySource {
  return keys.kind === 'jwks' ? publishedKeySource(keys.jwksUri, limits) : secretKeySource(keys.secret);
}

function publishedKeySource(jwksUri: string, limits?: Partial<KeySetLimits>): KeySource {
  const keySet = new RemoteKeySet(jwksUri, limits);
  return {
    findKey: async (header) => await findPublishedKey(keySet, header),
    isFresh: ({ kid }, key) => kid !== undefined && keySet.findFresh(kid) === key,
  };
}

function secretKeySource(secret: Buffer): KeySource {
  const key = secretVerificationKey(secret);
  return { findKey: async (header) => assertAlgorithm(header, key), isFresh: () => true };
}

async function findPublishedKey(keySet: RemoteKeySet, header: TokenHeader): Promise<VerificationKey> {
  if (!publicKeyAlgorithms.includes(header.alg)) {
    throw new UnauthenticatedError(`The token's algorithm is not accepted; accepted: ${publicKeyAlgorithms.join(', ')}.`);
  }
  // Without a key id the keys of an issuer could not be rotated without refusing good tokens.
  if (header.kid === undefined) throw new UnauthenticatedError('The token does not name its key (header kid).');
  const key = await keySet.find(header.kid);
  if (!key) throw new UnauthenticatedError("The token's key (header kid) is not among the keys that its issuer publishes.");
  return assertAlgorithm(header, key);
}

function assertAlgorithm(header: TokenHeader, key: VerificationKey): VerificationKey {
  if (key.algorithms.some((algorithm) => algorithm === header.alg)) return key;
  const remedy = key.algorithms.length === 0 ? 'tokens cannot be signed with such a key' : `it takes ${key.algorithms.join(', ')}`;
  throw new UnauthenticatedError(`The token's algorithm does not fit its key (${key.type}): ${remedy}.`);
}
