import type { Tenant } from '@tenantry/prisma/control';
import { ExclusiveCluster, tenantLock } from '../../clusters/exclusive-cluster.ts';
import { dropAbandoned, isAbandoned, isStandIn } from '../../credentials/as-owner.ts';
import { closeOwner, dropLogin, loginComment } from '../../tenant-databases/login.ts';
import type { ClusterCheckup, RoleState } from '../checkup.ts';
import type { Finding } from '../finding.ts';
import { idInName } from '../known-ids.ts';

/** Roles that sign in to a tenant's database, and are not the one that its connections have. */
export async function checkLogins(checkup: ClusterCheckup): Promise<Finding[]> {
  const tenants = new Map(checkup.tenants.map((tenant) => [tenant.id, tenant]));
  const findings: Finding[] = [];
  for (const role of checkup.roles.values()) {
    const tenant = tenants.get(idInName(role.name) ?? '');
    if (!tenant || role.name === tenant.loginName) continue;
    if (isStandIn(role.name)) findings.push(...(await checkStandIn(checkup, tenant, role)));
    else if (role.canLogin) findings.push(leftover(checkup, tenant, role));
  }
  return findings;
}

async function checkStandIn({ admin }: ClusterCheckup, tenant: Tenant, { name }: RoleState): Promise<Finding[]> {
  if (!(await isAbandoned(admin, name))) return [];
  return [
    {
      severity: 'warning',
      kind: 'leftover-login',
      cluster: admin.name,
      tenantId: tenant.id,
      message: `${tenant.slug}: The role ${name} was made for a process that has died.`,
      remedy: 'Run with --fix to drop it.',
      fix: async () => void (await dropAbandoned(admin, tenant)),
    },
  ];
}

function leftover(checkup: ClusterCheckup, tenant: Tenant, role: RoleState): Finding {
  const { admin, roles } = checkup;
  const isOurs = role.name === tenant.roleName || role.comment === loginComment(tenant.id);
  // What should sign in may be gone, as after a catalog was restored from a backup: then this is what does.
  const isReplaced = roles.get(tenant.loginName)?.canLogin === true;
  return {
    severity: 'warning',
    kind: 'leftover-login',
    cluster: admin.name,
    tenantId: tenant.id,
    message: `${tenant.slug}: The role ${role.name} may sign in, though ${tenant.loginName} has replaced it.`,
    remedy: isOurs && isReplaced ? 'Run with --fix to close it, and end its sessions.' : 'Find out who uses it; then drop it by hand.',
    fix: isOurs && isReplaced ? async () => await close(checkup, tenant, role.name) : null,
  };
}

/** Holds what whoever changes this tenant's logins holds, and looks again. */
async function close({ admin, db }: ClusterCheckup, tenant: Tenant, loginName: string): Promise<void> {
  await using cluster = new ExclusiveCluster(admin, tenantLock(tenant.id), async () => {
    const { credentialVersion } = tenant;
    const unchanged = await db.tenant.count({ where: { id: tenant.id, credentialVersion, loginName: { not: loginName } } });
    const underWay = await db.saga.count({ where: { tenantId: tenant.id, state: { in: ['RUNNING', 'UNDOING'] } } });
    if (unchanged === 0 || underWay > 0) throw new Error('It is in use by now.');
  });
  const session = await cluster.session();
  if (loginName === tenant.roleName) return await closeOwner(session, loginName);
  const { id, databaseName, roleName } = tenant;
  return await dropLogin(admin, session, { id, databaseName, roleName, loginName });
}
