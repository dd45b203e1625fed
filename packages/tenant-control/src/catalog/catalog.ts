import type { PrismaClient } from '@tenantry/prisma/control';
import { canonicalUuid, type Logger } from '@tenantry/service';
import type { PlacementSource } from '@tenantry/tenant-pool';
import { openControlClient } from '../control-client.ts';
import { tenantColumns, type Tenant } from '../tenant.ts';
import { writeAudit, type AuditRecord } from './audit.ts';
import { findPlacement } from './find-placement.ts';
import { countTenants, listTenants, type ListTenantsOptions, type TenantFilter } from './tenant-list.ts';

/** The tenants of the whole installation and where their databases are. Every process has one; it changes nothing but the audit log. */
export interface Catalog extends Required<PlacementSource>, AsyncDisposable {
  /** The tenants with these ids, in no particular order; an id that names none is left out. One SQL statement. */
  findTenants(ids: readonly string[]): Promise<Tenant[]>;
  /** The oldest first. @throws {BadInputError} when the filter's search is no text to search for */
  listTenants(options: ListTenantsOptions): Promise<Tenant[]>;
  /** How many match the filter. @throws {BadInputError} as {@link listTenants} */
  countTenants(filter?: TenantFilter | null): Promise<number>;
  /** Resolves when the record is stored. */
  recordAudit(record: AuditRecord): Promise<void>;
}

export interface CatalogOptions {
  controlDatabaseUrl: string;
  logger: Logger;
}

/** Connects when it is first used. */
export function openCatalog({ controlDatabaseUrl, logger }: CatalogOptions): Catalog {
  const client = openControlClient({ url: controlDatabaseUrl, applicationName: 'tenantry:catalog', logger });
  const { db } = client;
  return {
    findPlacement: async (tenantId) => await findPlacement(db, tenantId),
    findServed: async (limit) => await findServed(db, limit),
    findTenants: async (ids) => await findTenants(db, ids),
    listTenants: async (options) => await listTenants(db, options),
    countTenants: async (filter) => await countTenants(db, filter),
    recordAudit: async (record) => await writeAudit(db, record),
    [Symbol.asyncDispose]: async () => await client[Symbol.asyncDispose](),
  };
}

/** The oldest first: they are the least likely to be going away. */
async function findServed(db: PrismaClient, limit: number): Promise<string[]> {
  const served = await db.tenant.findMany({
    where: { status: 'ACTIVE' },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    take: limit,
    select: { id: true },
  });
  return served.map(({ id }) => id);
}

/** Ids come from tokens and clients: one that Postgres could not even parse names nothing. */
async function findTenants(db: PrismaClient, ids: readonly string[]): Promise<Tenant[]> {
  const wanted = ids.map(canonicalUuid).filter((id) => id !== null);
  return await db.tenant.findMany({ where: { id: { in: wanted } }, select: tenantColumns });
}
