import type { Prisma, TenantStatus, TenantTier } from '@tenantry/prisma/control';

/** What the catalog tells of a tenant. Where its database is and how to open it is not part of that. */
export interface Tenant {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly tier: TenantTier;
  readonly status: TenantStatus;
  /** Name of the last migration applied to the tenant's database; null before the first. */
  readonly schemaVersion: string | null;
  readonly clusterName: string;
  readonly createdAt: Date;
  /** When a request last reached the tenant's database, to within some minutes; null before the first. */
  readonly lastActiveAt: Date | null;
  /** With the status DELETING: when nothing will be left of the tenant. Null otherwise. */
  readonly purgeAfter: Date | null;
}

/** Who asks for a change, by which request and from where. */
export interface Actor {
  readonly issuer: string;
  readonly subject: string;
  readonly requestId: string;
  /** Address of the client, as far as it is known. */
  readonly origin?: string | null;
}

/** The columns of a {@link Tenant}. */
export const tenantColumns = {
  id: true,
  slug: true,
  name: true,
  tier: true,
  status: true,
  schemaVersion: true,
  clusterName: true,
  createdAt: true,
  lastActiveAt: true,
  purgeAfter: true,
} as const satisfies Prisma.TenantSelect;
