import type { Tenant as TenantRow } from '@tenantry/prisma/control';
import { TenantUnavailableError } from '@tenantry/tenant-pool';
import type { Client } from 'pg';
import type { ClusterAdmin } from '../../clusters/cluster-admin.ts';
import { asOwner } from '../../credentials/as-owner.ts';
import { ForeignDatabaseError, MoveRefusedError } from '../../errors.ts';
import { withConnection } from '../../postgres/connection.ts';
import { findOwnDatabase } from '../../tenant-databases/own-database.ts';
import type { MoveWay } from '../move-input.ts';
import { chooseWay, obstacleToReplication, type ChosenWay, type Ends } from './choose-way.ts';
import { findIncomparable, readDatabase } from './database-facts.ts';
import { isSameServer, readServer } from './server-facts.ts';

export interface PlanOptions {
  readonly tenant: TenantRow;
  readonly source: ClusterAdmin;
  readonly target: ClusterAdmin;
  /** The way that it has to be; null for the best one. */
  readonly way: MoveWay | null;
  /** Whether the tenant's own database, closed, is expected where it is to be: that of the move that is reverted. */
  readonly isOldCopyThere: boolean;
}

/**
 * Looks at both clusters before anything is changed, and chooses how to move a tenant.
 *
 * @throws {MoveRefusedError} when it cannot be moved, or not in this way {TenantUnavailableError} when a cluster does not answer
 */
export async function planMove(options: PlanOptions): Promise<ChosenWay> {
  const { tenant, source, target, way, isOldCopyThere } = options;
  const ends: Ends = {
    source: await reaching(source, async () => ({ ...(await readServer(source.pool)), name: source.name })),
    target: await reaching(target, async () => ({ ...(await readServer(target.pool)), name: target.name })),
    database: await reaching(source, async () => await lookInside(options)),
  };
  const refuse = (reason: string) => new MoveRefusedError(tenant.slug, target.name, reason);
  if (isSameServer(ends.source, ends.target)) throw refuse(`"${source.name}" and "${target.name}" are the same server`);
  const { largeObjects, preparedTransactions } = ends.database;
  if (largeObjects > 0) throw refuse(`its database has ${largeObjects} large objects, which neither replication nor a copy takes along`);
  if (preparedTransactions > 0) throw refuse(preparedReason(preparedTransactions));
  if (!isOldCopyThere) await reaching(target, async () => await assertFree(options, refuse));
  const obstacle = obstacleToReplication(ends);
  if (way === 'REPLICATION' && obstacle !== null) throw refuse(`there can be no replication: ${obstacle}`);
  return way === null ? chooseWay(ends) : { way, reason: 'it was asked for' };
}

/** Why a database is not moved in which transactions are prepared. */
export function preparedReason(count: number): string {
  return `its database has ${count} prepared transactions (pg_prepared_xacts): commit them, or roll them back`;
}

/** @throws when there is already something by the tenant's names, whoever's it is */
async function assertFree({ tenant, target }: PlanOptions, refuse: (reason: string) => Error): Promise<void> {
  const { rowCount: roles } = await target.pool.query('SELECT FROM pg_roles WHERE rolname IN ($1, $2)', [
    tenant.roleName,
    tenant.loginName,
  ]);
  const hasDatabase = await findOwnDatabase(target.pool, target.name, tenant).catch((error: unknown) => {
    if (error instanceof ForeignDatabaseError) return true;
    throw error;
  });
  if (hasDatabase) throw refuse(`there is a database ${tenant.databaseName} already: find out whose it is, and drop it by hand`);
  if (roles !== 0) throw refuse(`there is a role ${tenant.roleName} already: find out whose it is, and drop it by hand`);
}

async function lookInside({ source, tenant }: PlanOptions): Promise<Ends['database']> {
  const facts = await source.within(tenant.databaseName, async (client) => {
    await client.query(`SET search_path = ''`);
    return await readDatabase(client);
  });
  if (facts.obstacle !== null || facts.keyless.length === 0) return facts;
  const look = async (client: Client) => await findIncomparable(client, facts.keyless);
  return { ...facts, obstacle: await asOwner(source, tenant, async (url) => await withConnection(url, look)) };
}

async function reaching<Result>({ name }: ClusterAdmin, look: () => Promise<Result>): Promise<Result> {
  try {
    return await look();
  } catch (cause) {
    if (cause instanceof MoveRefusedError) throw cause;
    throw new TenantUnavailableError(`The cluster "${name}" could not be looked at, so that nothing was moved.`, { cause });
  }
}
