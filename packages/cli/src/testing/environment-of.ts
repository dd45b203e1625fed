import type { Environment } from '@tenantry/service';
import type { Installation } from '@tenantry/tenant-control/testing';

/** The variables by which a command reaches an installation of the tests. */
export function environmentOf({ controlDatabaseUrl, keyRing }: Installation, serverUrl: string): Environment {
  return {
    CONTROL_DATABASE_URL: controlDatabaseUrl,
    TENANT_CLUSTERS: JSON.stringify({ standard: serverUrl }),
    CREDENTIALS_KEY: [...keyRing].map(([id, key]) => `${id}:${key.toString('base64')}`).join(','),
  };
}
