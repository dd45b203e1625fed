import type { PrismaClient } from '@tenantry/prisma/control';
import { canonicalUuid, type Logger } from '@tenantry/service';
import type { PlacementSource } from '@tenantry/tenant-pool';
import type { Pool } from 'pg';
import { openControlClient } from '../control-client.ts';
import { findCertificate, type ErasureCertificate } from '../erasure/certificate.ts';
import { listJobs, type JobListing, type ListJobsOptions } from '../jobs/job-board.ts';
import { requestWake } from '../life/waking/request-wake.ts';
import { findLatestRuns, findRun, type SagaRun } from '../sagas/saga-runs.ts';
import { tenantColumns, type Tenant } from '../tenant.ts';
import type { Backup } from '../tenant-backups/backup.ts';
import {
  countCatalogued,
  countEachCatalogued,
  findCatalogued,
  listCatalogued,
  listEachCatalogued,
  type BackupCount,
  type BackupFilter,
  type BackupPosition,
  type ListBackupsOptions,
} from '../tenant-backups/backup-list.ts';
import { listUsageSamples, type ListUsageOptions, type UsageSample } from '../usage-samples.ts';
import { recordActivity } from './activity.ts';
import { countAudit, listAudit, type AuditEntry, type AuditFilter, type ListAuditOptions } from './audit-log.ts';
import { writeAudit, type AuditRecord } from './audit.ts';
import { findPlacement } from './find-placement.ts';
import type { PageOptions } from './page.ts';
import { countTenants, listTenants, type ListTenantsOptions, type TenantFilter } from './tenant-list.ts';

/**
 * The tenants of the whole installation and where their databases are. Every process has one. It changes no tenant: it adds to the audit
 * log, notes who was in use, and has those woken that hibernate.
 */
export interface Catalog extends Required<PlacementSource>, AsyncDisposable {
  /** The tenants with these ids, in no particular order; an id that names none is left out. One SQL statement. */
  findTenants(ids: readonly string[]): Promise<Tenant[]>;
  /** The oldest first. @throws {BadInputError} when the filter's search is no text to search for */
  listTenants(options: ListTenantsOptions): Promise<Tenant[]>;
  /** How many match the filter. @throws {BadInputError} as {@link listTenants} */
  countTenants(filter?: TenantFilter | null): Promise<number>;
  /** The tenant with this slug; null when there is none. */
  findTenantBySlug(slug: string): Promise<Tenant | null>;
  /** The newest first. @throws {BadInputError} when a condition of the filter is malformed */
  listAudit(options: ListAuditOptions): Promise<AuditEntry[]>;
  /** How many match the filter. @throws {BadInputError} as {@link listAudit} */
  countAudit(filter?: AuditFilter | null): Promise<number>;
  /** Backups of tenants, the newest first. @throws {BadInputError} when the filter's tenantId is no id */
  listBackups(options: ListBackupsOptions): Promise<Backup[]>;
  /** How many match the filter. @throws {BadInputError} as {@link listBackups} */
  countBackups(filter?: BackupFilter | null): Promise<number>;
  /** A page of the backups of each tenant, the newest first. Two SQL statements. */
  listBackupsOfEach(tenantIds: readonly string[], page: PageOptions<BackupPosition>): Promise<Backup[]>;
  /** How many each tenant has; who has none is left out. One SQL statement. */
  countBackupsOfEach(tenantIds: readonly string[]): Promise<BackupCount[]>;
  /** A backup, by its id; null when there is none. */
  findBackup(id: string): Promise<Backup | null>;
  /** A change of several steps, by its id; null when there is none. */
  findRun(id: string): Promise<SagaRun | null>;
  /** The latest `limit` changes of several steps of each tenant, the newest first. Two SQL statements. */
  findLatestRuns(tenantIds: readonly string[], limit: number): Promise<SagaRun[]>;
  /** What remains of a tenant that was erased; null when there is none. */
  findErasureCertificate(tenantId: string): Promise<ErasureCertificate | null>;
  /** What tenants' databases took up over time: of each, the oldest first. One SQL statement. @throws {BadInputError} */
  listUsageSamples(tenantIds: readonly string[], options: ListUsageOptions): Promise<UsageSample[]>;
  /** Jobs that are queued, run or have failed, the newest first. */
  listJobs(options: ListJobsOptions): Promise<JobListing[]>;
  /**
   * Has a tenant that hibernates be woken, once for all who ask.
   *
   * @returns whether that has begun by this call; then everybody has to be told that the tenant has changed
   */
  requestWake(tenantId: string): Promise<boolean>;
  /** Records that these tenants were in use just now. One SQL statement. */
  recordActivity(tenantIds: readonly string[]): Promise<void>;
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
  const { db, pool } = client;
  return {
    findPlacement: async (tenantId) => await findPlacement(db, tenantId),
    findServed: async (limit) => await findServed(db, limit),
    findTenants: async (ids) => await findTenants(pool, ids),
    listTenants: async (options) => await listTenants(db, options),
    countTenants: async (filter) => await countTenants(db, filter),
    findTenantBySlug: async (slug) => (slug.includes('\0') ? null : await db.tenant.findUnique({ where: { slug }, select: tenantColumns })),
    listAudit: async (options) => await listAudit(db, options),
    countAudit: async (filter) => await countAudit(db, filter),
    listBackups: async (options) => await listCatalogued(db, options),
    countBackups: async (filter) => await countCatalogued(db, filter),
    listBackupsOfEach: async (tenantIds, page) => await listEachCatalogued(db, tenantIds, page),
    countBackupsOfEach: async (tenantIds) => await countEachCatalogued(db, tenantIds),
    findBackup: async (id) => await findCatalogued(db, id),
    findRun: async (id) => await findRun(db, id),
    findLatestRuns: async (tenantIds, limit) => await findLatestRuns(db, tenantIds, limit),
    findErasureCertificate: async (tenantId) => await findCertificate(db, tenantId),
    listUsageSamples: async (tenantIds, options) => await listUsageSamples(db, tenantIds, options),
    listJobs: async (options) => await listJobs(pool, options),
    requestWake: async (tenantId) => await requestWake(db, tenantId),
    recordActivity: async (tenantIds) => await recordActivity(db, tenantIds),
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
async function findTenants(pool: Pool, ids: readonly string[]): Promise<Tenant[]> {
  const wanted = ids.map(canonicalUuid).filter((id) => id !== null);
  // Asked for by nearly every request, and several times as fast as by Prisma.
  const sql = `
    SELECT id, slug, name, tier, status, schema_version AS "schemaVersion", cluster_name AS "clusterName", created_at AS "createdAt",
           last_active_at AS "lastActiveAt", purge_after AS "purgeAfter"
    FROM tenants WHERE id = ANY($1::uuid[])`;
  return (await pool.query<Tenant>(sql, [wanted])).rows;
}
