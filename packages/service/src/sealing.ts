import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { UnsealError } from './errors.ts';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
const keyBytes = 32;

/** Keys for sealing, by id. The first one seals; all of them open, so that a key can be rotated. */
export type KeyRing = ReadonlyMap<string, Buffer>;

const keyRingFormat = 'id:key, where key is 32 bytes in base64, for example k1:$(openssl rand -base64 32)';

/** `CREDENTIALS_KEY`: `id:base64` of 32 bytes; several, separated by commas, while a key is rotated: the first one seals. */
export const keyRingVariable = z
  .string()
  .transform((text, check): KeyRing => {
    const ring = new Map<string, Buffer>();
    for (const entry of text.split(',')) {
      const [id, key] = splitOnce(entry.trim(), ':');
      const bytes = Buffer.from(key, 'base64');
      if (id === '' || id.includes('.') || bytes.length !== keyBytes) {
        check.addIssue(`must be ${keyRingFormat}`);
        return z.NEVER;
      }
      if (ring.has(id)) {
        check.addIssue('must not use a key id twice: what the lost key sealed would never open again');
        return z.NEVER;
      }
      ring.set(id, bytes);
    }
    return ring;
  })
  .describe(keyRingFormat);

/**
 * Encrypts `secret` with AES-256-GCM. `boundTo` (a tenant's id) is authenticated with it: what was sealed for one tenant does
 * not open for another.
 *
 * @returns `keyId.base64url(nonce ‖ tag ‖ ciphertext)`
 */
export function seal(secret: string, boundTo: string, ring: KeyRing): string {
  const [keyId, key] = sealingKey(ring);
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(boundTo));
  const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return `${keyId}.${Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')}`;
}

/** Id of the key that {@link seal} takes, which what it returns begins with, and a dot. @throws {UnsealError} */
export function sealingKeyId(ring: KeyRing): string {
  return sealingKey(ring)[0];
}

/** @throws {UnsealError} */
export function unseal(sealed: string, boundTo: string, ring: KeyRing): string {
  const [keyId, body] = splitOnce(sealed, '.');
  const key = ring.get(keyId);
  if (!key) throw new UnsealError(`No key with the id ${JSON.stringify(keyId)} in CREDENTIALS_KEY.`);
  const bytes = Buffer.from(body, 'base64url');
  try {
    const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
    decipher.setAAD(Buffer.from(boundTo));
    decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
    return decipher.update(bytes.subarray(nonceBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8');
  } catch (cause) {
    throw new UnsealError('A sealed secret does not open: it was changed, or sealed for something else.', { cause });
  }
}

function sealingKey(ring: KeyRing): [id: string, key: Buffer] {
  const [current] = ring;
  if (!current) throw new UnsealError('The key ring is empty.');
  return current;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? ['', text] : [text.slice(0, at), text.slice(at + 1)];
}
