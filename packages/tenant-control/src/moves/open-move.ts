import type { Prisma } from '@tenantry/prisma/control';

/** A move whose old database is still there, closed: it may be reverted, and has to be confirmed some time. */
export interface OpenMove {
  readonly sagaId: string;
  readonly tenantId: string;
  /** Cluster where the old database is. */
  readonly leftOn: string;
  /** When the tenant was moved. */
  readonly finishedAt: Date;
  readonly input: unknown;
}

type Db = Pick<Prisma.TransactionClient, '$queryRaw' | '$executeRaw'>;

/** @returns null when the tenant has none */
export async function findOpenMove(db: Db, tenantId: string): Promise<OpenMove | null> {
  const [open] = await db.$queryRaw<OpenMove[]>`
    SELECT id AS "sagaId", tenant_id AS "tenantId", data->>'leftOn' AS "leftOn", finished_at AS "finishedAt", input FROM sagas
    WHERE kind = 'MOVE' AND tenant_id = ${tenantId}::uuid AND state = 'DONE' AND data ? 'leftOn'`;
  return open ?? null;
}

/** Those of all tenants that are neither deleted nor being deleted, the oldest first. */
export async function listOpenMoves(db: Db, { limit, olderThanDays = 0 }: { limit: number; olderThanDays?: number }): Promise<OpenMove[]> {
  return await db.$queryRaw<OpenMove[]>`
    SELECT sagas.id AS "sagaId", tenant_id AS "tenantId", data->>'leftOn' AS "leftOn", finished_at AS "finishedAt", input
    FROM sagas JOIN tenants ON tenants.id = tenant_id AND status NOT IN ('DELETING', 'DELETED')
    WHERE kind = 'MOVE' AND state = 'DONE' AND data ? 'leftOn' AND finished_at <= now() - make_interval(days => ${olderThanDays}::int)
    ORDER BY finished_at, sagas.id LIMIT ${limit}`;
}

/** Has it on record that the old database is gone. */
export async function endMove(db: Db, sagaId: string | null): Promise<void> {
  if (sagaId !== null) await db.$executeRaw`UPDATE sagas SET data = data - 'leftOn' WHERE id = ${sagaId}::uuid`;
}
