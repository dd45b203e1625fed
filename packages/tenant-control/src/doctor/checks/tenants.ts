import type { Tenant } from '@tenantry/prisma/control';
import { latestMigration } from '@tenantry/prisma';
import { unseal } from '@tenantry/service';
import { closeToPublic } from '../../postgres/close-to-public.ts';
import type { ClusterCheckup } from '../checkup.ts';
import type { Finding, FindingKind, Severity } from '../finding.ts';

/** Of these nobody asks more than the catalog says until their saga has ended. */
const underWay: ReadonlySet<string> = new Set(['PROVISIONING', 'WAKING', 'MIGRATING', 'DELETING', 'FAILED']);

/** Whether each tenant's database and roles are as the catalog says. */
export async function checkTenants(checkup: ClusterCheckup): Promise<Finding[]> {
  const findings = await Promise.all(checkup.tenants.map(async (tenant) => await checkTenant(checkup, tenant)));
  return findings.flat();
}

async function checkTenant(checkup: ClusterCheckup, tenant: Tenant): Promise<Finding[]> {
  if (underWay.has(tenant.status)) return [];
  return [
    ...checkSeal(checkup, tenant),
    ...checkDatabase(checkup, tenant),
    ...checkRoles(checkup, tenant),
    ...checkSchema(checkup, tenant),
  ];
}

function checkSeal(checkup: ClusterCheckup, tenant: Tenant): Finding[] {
  try {
    unseal(tenant.sealedPassword, tenant.id, checkup.keyRing);
    return [];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `Its password cannot be opened: ${why}`;
    return [
      found(
        checkup,
        tenant,
        'error',
        'sealed-password',
        message,
        `Add the key that sealed it to CREDENTIALS_KEY; or, to give it another: tenantry rotate ${tenant.slug}`,
      ),
    ];
  }
}

function checkDatabase(checkup: ClusterCheckup, tenant: Tenant): Finding[] {
  const { databaseName: name, roleName, status, hibernation } = tenant;
  const database = checkup.databases.get(name);
  if (!database) {
    if (status === 'HIBERNATED' && hibernation === 'DROPPED') return [];
    const remedy = `Restore it from one of its backups: tenantry backup list ${tenant.slug}`;
    return [found(checkup, tenant, 'error', 'missing-database', `Its database ${name} is not there.`, remedy)];
  }
  const findings: Finding[] = [];
  if (database.owner !== roleName) {
    const message = `Its database ${name} is owned by ${database.owner}, not by ${roleName}.`;
    findings.push(
      found(checkup, tenant, 'error', 'wrong-owner', message, `Find out why; then ALTER DATABASE ${name} OWNER TO ${roleName};`),
    );
  }
  if (database.isPublic) {
    const message = `Every role of the cluster may connect to its database ${name}.`;
    const fix = async () => void (await closeToPublic(checkup.admin.pool, name));
    findings.push({ ...found(checkup, tenant, 'error', 'open-database', message, 'Run with --fix to revoke that from PUBLIC.'), fix });
  }
  if (database.allowsConnections === (status === 'HIBERNATED')) {
    const [is, should] = database.allowsConnections ? ['open', 'closed'] : ['closed', 'open'];
    const message = `It is ${status} and its database ${name} is ${is}.`;
    const remedy = `Find out why; then, as the administrator: ALTER DATABASE ${name} ALLOW_CONNECTIONS ${should === 'open'};`;
    findings.push(found(checkup, tenant, 'error', 'closed-database', message, remedy));
  }
  return findings;
}

function checkRoles(checkup: ClusterCheckup, tenant: Tenant): Finding[] {
  const { roleName, loginName } = tenant;
  const missing = [...new Set([roleName, loginName])].filter((name) => !checkup.roles.has(name));
  if (missing.length > 0) {
    const remedy = missing.includes(roleName)
      ? `It owned the database: restore a backup into a new tenant (tenantry backup list ${tenant.slug}).`
      : `To make it anew: tenantry rotate ${tenant.slug}`;
    return [found(checkup, tenant, 'error', 'missing-role', `Its role ${missing.join(', ')} is not there.`, remedy)];
  }
  // One whose database was dropped is shut out until it wakes.
  if (checkup.roles.get(loginName)?.canLogin === true || tenant.hibernation === 'DROPPED') return [];
  const message = `Its role ${loginName} may not sign in.`;
  return [found(checkup, tenant, 'error', 'login-refused', message, `To give it another: tenantry rotate ${tenant.slug}`)];
}

function checkSchema(checkup: ClusterCheckup, tenant: Tenant): Finding[] {
  const { slug, schemaVersion, status } = tenant;
  const wanted = latestMigration('tenant');
  // One that hibernates is migrated as it wakes.
  if (schemaVersion === wanted || status === 'HIBERNATED') return [];
  const message = `Its schema is ${schemaVersion ?? 'unknown'}, not ${wanted}.`;
  if (schemaVersion !== null && schemaVersion > wanted) {
    return [found(checkup, tenant, 'info', 'schema-ahead', message, 'It is of a later release than this one: examine it with that.')];
  }
  const remedy = `It is migrated as it wakes: tenantry tenants hibernate ${slug}, then tenantry tenants wake ${slug}`;
  return [found(checkup, tenant, 'warning', 'schema-behind', message, remedy)];
}

function found(
  { admin }: ClusterCheckup,
  { id, slug }: Tenant,
  severity: Severity,
  kind: FindingKind,
  message: string,
  remedy: string,
): Finding {
  return { severity, kind, cluster: admin.name, tenantId: id, message: `${slug}: ${message}`, remedy, fix: null };
}
