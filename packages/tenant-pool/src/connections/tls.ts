import type { ConnectionOptions } from 'node:tls';
import { TenantUnavailableError } from '../errors.ts';

/** What libpq calls `sslmode`. */
export const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

export type SslMode = (typeof sslModes)[number];

/**
 * libpq's `sslmode`, in the terms of `pg`. `allow` and `prefer` protect nothing that counts on it, and `pg` cannot fall back.
 *
 * @throws {TenantUnavailableError} when it is none
 */
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
      throw new TenantUnavailableError(`${JSON.stringify(sslMode)} is not an sslmode: use ${sslModes.join(', ')}.`);
  }
}
