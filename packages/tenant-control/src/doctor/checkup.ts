import type { PrismaClient, Tenant } from '@tenantry/prisma/control';
import type { KeyRing, Logger } from '@tenantry/service';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import type { Sagas } from '../sagas/sagas.ts';
import type { BackupServices } from '../tenant-backups/services.ts';

/** What the checks look at. */
export interface Checkup {
  readonly db: PrismaClient;
  readonly clusters: ReadonlyMap<string, ClusterAdmin>;
  readonly keyRing: KeyRing;
  readonly sagas: Sagas;
  /** Null in a process that has no store of backups. */
  readonly backups: BackupServices | null;
  readonly logger: Logger;
}

/** One cluster, and what the catalog says of it. */
export interface ClusterCheckup extends Checkup {
  readonly admin: ClusterAdmin;
  /** Those on the cluster that are not DELETED, and that nobody changed while the cluster was looked at. */
  readonly tenants: readonly Tenant[];
  /** Databases and roles there, by name. */
  readonly databases: ReadonlyMap<string, DatabaseState>;
  readonly roles: ReadonlyMap<string, RoleState>;
}

export interface DatabaseState {
  readonly name: string;
  readonly owner: string;
  readonly comment: string | null;
  readonly allowsConnections: boolean;
  readonly isTemplate: boolean;
  /** Whether every role may connect. */
  readonly isPublic: boolean;
}

export interface RoleState {
  readonly name: string;
  readonly comment: string | null;
  readonly canLogin: boolean;
}

/** @throws when the cluster does not answer */
export async function examineCluster(checkup: Checkup, admin: ClusterAdmin): Promise<ClusterCheckup> {
  const before = new Map((await findSettled(checkup, admin)).map(({ id, updatedAt }) => [id, updatedAt.getTime()]));
  const databases = await admin.pool.query<DatabaseState>(databaseStates);
  const roles = await admin.pool.query<RoleState>(roleStates);
  const tenants = (await findSettled(checkup, admin)).filter(({ id, updatedAt }) => before.get(id) === updatedAt.getTime());
  return { ...checkup, admin, tenants, databases: byName(databases.rows), roles: byName(roles.rows) };
}

/** Tenants with which no change is under way. */
async function findSettled({ db }: Checkup, { name: clusterName }: ClusterAdmin): Promise<Tenant[]> {
  const tenants = await db.tenant.findMany({ where: { clusterName, status: { not: 'DELETED' } } });
  const changes = await db.saga.findMany({ where: { state: { in: ['RUNNING', 'UNDOING'] } }, select: { tenantId: true } });
  const underWay = new Set(changes.map(({ tenantId }) => tenantId));
  return tenants.filter(({ id }) => !underWay.has(id));
}

function byName<Named extends { readonly name: string }>(rows: readonly Named[]): Map<string, Named> {
  return new Map(rows.map((row) => [row.name, row]));
}

const databaseStates = `
  SELECT datname AS name, pg_get_userbyid(datdba) AS owner, shobj_description(oid, 'pg_database') AS comment,
    datallowconn AS "allowsConnections", datistemplate AS "isTemplate", has_database_privilege('public', oid, 'CONNECT') AS "isPublic"
  FROM pg_database`;

const roleStates = `
  SELECT rolname AS name, shobj_description(oid, 'pg_authid') AS comment, rolcanlogin AS "canLogin"
  FROM pg_roles WHERE NOT starts_with(rolname, 'pg_')`;
