import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import type { Algorithm } from 'jsonwebtoken';

/** A key that checks signatures, with the algorithms it may be used with: the key decides, never a token's header (RFC 8725 §3.1). */
export interface VerificationKey {
  readonly key: KeyObject;
  /** Empty when the key is of a type that tokens cannot be verified with. */
  readonly algorithms: readonly Algorithm[];
  /** What the key is, for messages: `RSA 2048`, `EC P-256`, `ed25519`. */
  readonly type: string;
}

/** Least bits of an RSA key (RFC 7518 §3.3). */
const leastRsaBits = 2048;

const rsaAlgorithms: readonly Algorithm[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];

/** Each curve has its one algorithm (RFC 7518 §3.4). */
const curves: ReadonlyMap<string | undefined, { name: string; algorithm: Algorithm }> = new Map([
  ['prime256v1', { name: 'P-256', algorithm: 'ES256' }],
  ['secp384r1', { name: 'P-384', algorithm: 'ES384' }],
  ['secp521r1', { name: 'P-521', algorithm: 'ES512' }],
]);

/** Every algorithm that some public key may be used with. */
export const publicKeyAlgorithms: readonly string[] = [...rsaAlgorithms, ...[...curves.values()].map(({ algorithm }) => algorithm)];

/** @param declaredAlgorithm the JWK's own `alg`: a key published with one is used with no other (RFC 7517 §4.4) */
export function publicVerificationKey(pem: string, declaredAlgorithm?: string): VerificationKey {
  const key = createPublicKey(pem);
  const { type, algorithms } = describeKey(key);
  return { key, type, algorithms: algorithms.filter((algorithm) => declaredAlgorithm === undefined || algorithm === declaredAlgorithm) };
}

export function secretVerificationKey(secret: Buffer): VerificationKey {
  return { key: createSecretKey(secret), algorithms: ['HS256'], type: 'shared secret' };
}

/** Whether the two check the same signatures. */
export function isSameKey(left: VerificationKey, right: VerificationKey): boolean {
  return left.key.equals(right.key) && left.algorithms.join() === right.algorithms.join();
}

function describeKey(key: KeyObject): Pick<VerificationKey, 'type' | 'algorithms'> {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') {
    return { type: `RSA ${modulusLength}`, algorithms: modulusLength >= leastRsaBits ? rsaAlgorithms : [] };
  }
  const curve = curves.get(namedCurve);
  if (key.asymmetricKeyType === 'ec' && curve) return { type: `EC ${curve.name}`, algorithms: [curve.algorithm] };
  return { type: key.asymmetricKeyType ?? key.type, algorithms: [] };
}
