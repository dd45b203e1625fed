import { createHash, generateKeyPairSync } from 'node:crypto';
import jwt from 'jsonwebtoken';

/** An identity provider of the benchmarks. */
export interface TokenIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** The public half of its key (RFC 7517). */
  readonly jwks: { keys: object[] };
  /** A token that is good for hours: RS256 by a key of 2048 bits. */
  sign(claims: { subject: string; tenantId: string }): string;
}

const lifetimeSeconds = 12 * 3600;

export function createTokenIssuer(): TokenIssuer {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const [issuer, audience, keyid] = ['https://id.bench.example', 'https://api.bench.example', 'bench-1'];
  return {
    issuer,
    audience,
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: keyid, alg: 'RS256', use: 'sig' }] },
    sign: ({ subject, tenantId }) => {
      const claims = { tenant_id: tenantId, scope: 'profile email', email: `${subject}@people.example` };
      return jwt.sign(claims, privateKey, { algorithm: 'RS256', keyid, issuer, audience, subject, expiresIn: lifetimeSeconds });
    },
  };
}

/** The id of the benchmark's tenant of that number: a UUID (version 8, RFC 9562 §5.8). */
export function tenantIdOf(number: number): string {
  const hash = createHash('sha256').update(`tenant ${number}`).digest('hex');
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}
