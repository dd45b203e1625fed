import { requirePrincipal, type TenantContext } from '@tenantry/auth';
import type { Catalog } from '@tenantry/tenant-control';
import { rootFieldNames, type PreparedOperation } from './operation-documents.ts';

interface ImpersonatedRequest {
  readonly tenantContext: TenantContext;
  readonly requestId: string;
  readonly prepared: PreparedOperation;
  /** Name of the operation, for logs and metrics. */
  readonly operation: string;
}

/** An operator's request within a tenant is on record before anything is read for it, or is not answered. Nobody else's is. */
export async function recordImpersonation(
  catalog: Pick<Catalog, 'recordAudit'>,
  { tenantContext, requestId, prepared, operation }: ImpersonatedRequest,
): Promise<void> {
  const { tenantId, impersonated, origin } = tenantContext;
  if (!impersonated) return;
  const { issuer, subject } = requirePrincipal(tenantContext);
  await catalog.recordAudit({
    action: 'tenant.impersonate',
    issuer,
    subject,
    tenantId,
    requestId,
    origin,
    outcome: 'ALLOWED',
    detail: { operation, type: prepared.definition.operation, fields: rootFieldNames(prepared).join(', ') },
  });
}
