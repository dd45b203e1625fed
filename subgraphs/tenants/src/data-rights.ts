import { canonicalUuid } from '@tenantry/service';
import { newExportKey, type ErasureCertificate, type SagaRun, type StoredExport } from '@tenantry/tenant-control';
import { actorOf } from './actor.ts';
import { latestRun } from './backup-mutations.ts';
import type { TenantsContext } from './context.ts';
import { ifQuick } from './long-work.ts';

export interface EraseArguments {
  readonly id: string;
  readonly confirmSlug: string;
}

/** An export of a tenant's data: whole, or as far as it is written when that takes long. */
export async function exportTenant({ id }: { id: string }, context: TenantsContext): Promise<{ export: StoredExport | null }> {
  const { control, request, patienceMs } = context;
  const key = newExportKey(canonicalUuid(id) ?? id, new Date());
  await ifQuick(control().exportTenant(id, actorOf(request), { key }), patienceMs);
  const exports = await control().findExports(id);
  return { export: exports.find((each) => each.key === key) ?? null };
}

export interface Erasing {
  readonly certificate: ErasureCertificate | null;
  /** What erases the tenant, when that takes long. */
  readonly run: SagaRun | null;
}

/** The certificate of an erasure, or how far that has come. */
export async function eraseTenant({ id, confirmSlug }: EraseArguments, context: TenantsContext): Promise<Erasing> {
  const { control, request, patienceMs } = context;
  const certificate = await ifQuick(control().eraseTenant(id, actorOf(request), { confirmSlug }), patienceMs);
  return certificate ? { certificate, run: null } : { certificate, run: await latestRun(id, 'PURGE', context) };
}
