import { Pooling, TenantStatus, TenantTier } from '@tenantry/prisma/control';
import { z } from 'zod';

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
  /** What answers at `host` and `port`: `direct` is the server itself, `transaction` a PgBouncer in transaction mode. */
  readonly pooling: Pooling;
  readonly database: string;
  readonly role: string;
  /** Bound to the tenant's id; opened only when a connection is made. */
  readonly sealedPassword: string;
  /** Counts up at each rotation of the password. */
  readonly credentialVersion: number;
}

/**
 * A placement as it is kept outside the process; whatever else an object holds is left out. One that an earlier version left there, and
 * that lacks a field, is no placement: to guess how a database is reached would be wrong sooner or later, to ask the source never is.
 */
export const placementSchema: z.ZodType<TenantPlacement> = z.object({
  tenantId: z.string(),
  slug: z.string(),
  status: z.enum(TenantStatus),
  tier: z.enum(TenantTier),
  cluster: z.string(),
  host: z.string(),
  port: z.int(),
  sslMode: z.string(),
  pooling: z.enum(Pooling),
  database: z.string(),
  role: z.string(),
  sealedPassword: z.string(),
  credentialVersion: z.int(),
});

/** Where placements come from in the end: the catalog. */
export interface PlacementSource {
  /** @returns null when there is no such tenant */
  findPlacement(tenantId: string): Promise<TenantPlacement | null>;
  /** Ids of tenants that are served, at most `limit`, for the self-test at start. Absent where they cannot be listed. */
  findServed?(limit: number): Promise<string[]>;
}
