import { randomUUID } from 'node:crypto';
import { NotFoundError } from '@tenantry/service';
import { provisionInputSchema, type Backup, type ProvisionInput, type SagaRun, type Tenant } from '@tenantry/tenant-control';
import { actorOf } from './actor.ts';
import type { TenantsContext } from './context.ts';
import type { TenantUserError } from './errors.ts';
import { ifQuick } from './long-work.ts';
import { parseInput } from './mutation-input.ts';
import { provisionInputCodes } from './provision-tenant.ts';

const formats = { COPY: 'copy', PG_DUMP: 'pg_dump' } as const;

export interface BackUpArguments {
  readonly id: string;
  readonly format: keyof typeof formats | null;
}

export interface RestoreArguments {
  readonly id: string;
  readonly into?: ProvisionInput | null;
  readonly idempotencyKey?: string | null;
}

/** A backup of a tenant: whole, or in the state RUNNING when that takes long. */
export async function backUpTenant({ id, format }: BackUpArguments, context: TenantsContext): Promise<{ backup: Backup | null }> {
  const { control, catalog, request, patienceMs } = context;
  const backupId = randomUUID();
  const made = await ifQuick(control().backUpTenant(id, actorOf(request), { backupId, format: format && formats[format] }), patienceMs);
  return { backup: made ?? (await catalog.findBackup(backupId)) };
}

/** The backup, verified; as it was before when that takes long. */
export async function verifyBackup({ id }: { id: string }, context: TenantsContext): Promise<{ backup: Backup | null }> {
  const { control, catalog, request, patienceMs } = context;
  const verified = await ifQuick(control().verifyBackup(id, actorOf(request)), patienceMs);
  return { backup: verified ?? (await catalog.findBackup(id)) };
}

export interface Restoring {
  readonly tenant: Tenant | null;
  /** What restores it, when that takes long. */
  readonly run: SagaRun | null;
  readonly userErrors: readonly TenantUserError[];
}

/** The tenant as it was backed up, in its place or as a new one; or how far that has come. */
export async function restoreBackup({ id, into, idempotencyKey }: RestoreArguments, context: TenantsContext): Promise<Restoring> {
  const { control, catalog, request, patienceMs } = context;
  const { data, userErrors } = into ? parseInput(provisionInputSchema, into, provisionInputCodes) : { data: null, userErrors: [] };
  if (into && !data) return { tenant: null, run: null, userErrors };
  const restored = await ifQuick(control().restoreBackup(id, actorOf(request), { into: data, idempotencyKey }), patienceMs);
  if (restored) return { tenant: restored, run: null, userErrors };
  const tenant = data ? await catalog.findTenantBySlug(data.slug) : await tenantOf(id, context);
  return { tenant, run: tenant && (await latestRun(tenant.id, data ? 'PROVISION' : 'RESTORE', context)), userErrors };
}

/** The last change of several steps that was begun with a tenant, if it is of this kind. */
export async function latestRun(tenantId: string, kind: SagaRun['kind'], { catalog }: TenantsContext): Promise<SagaRun | null> {
  const [run] = await catalog.findLatestRuns([tenantId], 1);
  return run?.kind === kind ? run : null;
}

async function tenantOf(backupId: string, { catalog }: TenantsContext): Promise<Tenant | null> {
  const backup = await catalog.findBackup(backupId);
  if (!backup) throw new NotFoundError('The backup is gone.');
  const [tenant = null] = await catalog.findTenants([backup.tenantId]);
  return tenant;
}
