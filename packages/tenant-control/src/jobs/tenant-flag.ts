const prefix = 'tenant:';

/** How the queue marks a job for a tenant, beside its signed context: to find it by, not to believe. */
export function tenantFlag(tenantId: string): string {
  return `${prefix}${tenantId}`;
}

/** The tenant that a job is marked with, of its flags as SQL has them; NULL for none. */
export const flaggedTenantSql = `(SELECT substr(flag, ${prefix.length + 1}) FROM jsonb_object_keys(flags) AS flag WHERE starts_with(flag, '${prefix}') LIMIT 1)`;
