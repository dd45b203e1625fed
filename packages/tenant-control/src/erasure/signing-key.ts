import { createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { KeyRing } from '@tenantry/service';

/** What signs certificates, by Ed25519. */
export interface SigningKey {
  /** The JWK thumbprint of the public key (RFC 7638, RFC 8037 §A.3). */
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Sets this key apart from whatever else is ever derived from the same one (RFC 5869 §3.2). */
const purpose = 'tenantry erasure certificate';

const seedBytes = 32;

/** A PrivateKeyInfo of Ed25519 up to its seed (RFC 8410 §7). */
const privateKeyHead = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The key that signs now: derived from the first key of CREDENTIALS_KEY, so that there is no other secret to keep. */
export function signingKeyOf(keyRing: KeyRing): SigningKey {
  const [current] = signingKeysOf(keyRing);
  if (!current) throw new Error('The key ring is empty.');
  return current;
}

/** The keys that sign, or have signed, with what CREDENTIALS_KEY holds; the one that signs now is the first. */
export function signingKeysOf(keyRing: KeyRing): SigningKey[] {
  return [...keyRing.values()].map(derive);
}

/** In PEM, as `openssl pkeyutl` takes it. */
export function toPem(publicKey: KeyObject): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

/** @returns null when it is no Ed25519 key in PEM */
export function fromPem(pem: string): KeyObject | null {
  try {
    const key = createPublicKey({ key: pem, format: 'pem' });
    return key.asymmetricKeyType === 'ed25519' ? key : null;
  } catch {
    return null;
  }
}

export function keyIdOf(publicKey: KeyObject): string {
  const { crv, kty, x } = publicKey.export({ format: 'jwk' });
  return createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url');
}

function derive(key: Buffer): SigningKey {
  const seed = Buffer.from(hkdfSync('sha256', key, Buffer.of(), purpose, seedBytes));
  const privateKey = createPrivateKey({ key: Buffer.concat([privateKeyHead, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey);
  return { id: keyIdOf(publicKey), privateKey, publicKey };
}
