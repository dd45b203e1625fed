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
        'Add the key that sealed it to CREDENTIALS_KEY, or rotate its credentials.',
      ),
    ];
  }
}

function checkDatabase(checkup: ClusterCheckup, tenant: Tenant): Finding[] {
  const { databaseName: name, roleName, status, hibernation } = tenant;
  const database = checkup.databases.get(name);
  if (!database) {
    if (status === 'HIBERNATED' && hibernation === 'DROPPED') return [];
    const remedy = 'Restore it from its latest backup.';
    return [found(checkup, tenant, 'error', 'missing-database', `Its database ${name} is not there.`, remedy)];
  }
  const findings: Finding[] = [];
  if (database.owner !== roleName) {
    const message = `Its database ${name} is owned by ${database.owner}, not by ${roleName}.`;
    findings.push(
      found(checkup, tenant, 'error', 'wrong-owner', message, `Find out why; then ALTER DATABASE ${name} OWNER TO ${roleName}.`),
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
    findings.push(found(checkup, tenant, 'error', 'closed-database', message, `Hibernate and wake it, after which it is ${should}.`));
  }
  return findings;
}

function checkRoles(checkup: ClusterCheckup, tenant: Tenant): Finding[] {
  const { roleName, loginName } = tenant;
  const missing = [...new Set([roleName, loginName])].filter((name) => !checkup.roles.has(name));
  if (missing.length > 0) {
    const remedy = 'Rotate its credentials, which makes the login anew; an owner that is missing has to be made by hand.';
    return [found(checkup, tenant, 'error', 'missing-role', `Its role ${missing.join(', ')} is not there.`, remedy)];
  }
  if (checkup.roles.get(loginName)?.canLogin === true) return [];
  const message = `Its role ${loginName} may not sign in.`;
  return [found(checkup, tenant, 'error', 'login-refused', message, 'Rotate its credentials.')];
}

function checkSchema(checkup: ClusterCheckup, tenant: Tenant): Finding[] {
  const wanted = latestMigration('tenant');
  if (tenant.schemaVersion === wanted) return [];
  const message = `Its schema is ${tenant.schemaVersion ?? 'unknown'}, not ${wanted}.`;
  return [found(checkup, tenant, 'warning', 'schema-behind', message, 'Migrate it.')];
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
