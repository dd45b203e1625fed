import type { ConnectionOptions } from 'node:tls';

/** libpq's `sslmode`, in the terms of `pg`. `allow` and `prefer` protect nothing that counts on it, and `pg` cannot fall back. */
export function tlsOptions(sslMode: string): false | ConnectionOptions {
  switch (sslMode) {
    case 'disable':
    case 'allow':
    case 'prefer':
      return false;
    case 'require':
      return { rejectUnauthorized: false };
    case 'verify-ca':
      return { rejectUnauthorized: true, checkServerIdentity: () => undefined };
    case 'verify-full':
      return { rejectUnauthorized: true };
    default:
      throw new Error(`${JSON.stringify(sslMode)} is not an sslmode: use disable, prefer, require, verify-ca or verify-full.`);
  }
}
