import type { TenantStatus, TenantTier } from '@tenantry/prisma/control';

/** Where a tenant's database is and how to open it: one entry of the directory. Holds no plain password. */
export interface TenantPlacement {
  readonly tenantId: string;
  readonly slug: string;
  readonly status: TenantStatus;
  readonly tier: TenantTier;
  readonly cluster: string;
  readonly host: string;
  readonly port: number;
  /** libpq's `sslmode`. */
  readonly sslMode: string;
  readonly database: string;
  readonly role: string;
  /** Bound to the tenant's id; opened only when a connection is made. */
  readonly sealedPassword: string;
  /** Counts up at each rotation of the password. */
  readonly credentialVersion: number;
}

/** Where placements come from in the end: the catalog. */
export interface PlacementSource {
  /** @returns null when there is no such tenant */
  findPlacement(tenantId: string): Promise<TenantPlacement | null>;
}
