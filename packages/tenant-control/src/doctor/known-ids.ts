import type { PrismaClient } from '@tenantry/prisma/control';

/** Ids of which this installation's catalog knows, or has known. */
export interface KnownIds {
  /** Of tenants that are not DELETED, and of databases on the shelf: what bears these is in use. */
  readonly live: ReadonlySet<string>;
  /** Of whatever was begun here once: what bears these and is not live is ours and left over. */
  readonly ever: ReadonlySet<string>;
}

export async function findKnownIds(db: PrismaClient): Promise<KnownIds> {
  const tenants = await db.tenant.findMany({ select: { id: true, status: true } });
  const shelf = await db.shelvedDatabase.findMany({ select: { id: true } });
  const sagas = await db.saga.groupBy({ by: ['tenantId'] });
  const underWay = await db.saga.findMany({ where: { state: { in: ['RUNNING', 'UNDOING'] } }, select: { tenantId: true } });
  const live = [
    ...tenants.filter(({ status }) => status !== 'DELETED').map(({ id }) => id),
    ...shelf.map(({ id }) => id),
    ...underWay.map(({ tenantId }) => tenantId),
  ];
  return { live: new Set(live), ever: new Set([...live, ...tenants.map(({ id }) => id), ...sagas.map(({ tenantId }) => tenantId)]) };
}

/** The id in the name of a tenant's database or role; null when it is no such name. */
export function idInName(name: string): string | null {
  const [, hex] = /^tenant_([0-9a-f]{32})(?:_v\d+|_own_[0-9a-f]{8})?$/.exec(name) ?? [];
  if (hex === undefined) return null;
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
