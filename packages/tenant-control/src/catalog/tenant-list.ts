import { searchText } from '@tenantry/prisma';
import type { Prisma, PrismaClient, TenantStatus, TenantTier } from '@tenantry/prisma/control';
import { parseOrRefuse } from '../parse-or-refuse.ts';
import { tenantColumns, type Tenant } from '../tenant.ts';
import { pageBy, type PageOptions } from './page.ts';

/** Conditions that must all hold. */
export interface TenantFilter {
  /** Default: any but DELETED, of which there is no more than a tombstone. */
  readonly status?: TenantStatus | null | undefined;
  readonly tier?: TenantTier | null | undefined;
  /** A part of the slug or name, in any case. */
  readonly search?: string | null | undefined;
}

/** Where a tenant stands in the list: the oldest first. */
export type TenantPosition = Pick<Tenant, 'createdAt' | 'id'>;

export interface ListTenantsOptions extends PageOptions<TenantPosition> {
  readonly filter?: TenantFilter | null | undefined;
}

const oldestFirst = { instant: 'createdAt', key: 'id', direction: 'asc' } as const;

/** @throws {BadInputError} when the filter's search is no text to search for */
export async function listTenants(db: PrismaClient, { filter, ...page }: ListTenantsOptions): Promise<Tenant[]> {
  const { beyond, inOrder } = pageBy(oldestFirst, page);
  return await db.tenant.findMany({ where: { AND: [matches(filter ?? {}), beyond] }, ...inOrder, select: tenantColumns });
}

/** @throws {BadInputError} as {@link listTenants} */
export async function countTenants(db: PrismaClient, filter: TenantFilter | null | undefined): Promise<number> {
  return await db.tenant.count({ where: matches(filter ?? {}) });
}

function matches({ status, tier, search }: TenantFilter): Prisma.TenantWhereInput {
  const text = escapePattern(parseOrRefuse(searchText, search ?? '', 'filter.search'));
  return {
    status: status ?? { not: 'DELETED' },
    ...(tier != null && { tier }),
    ...(text !== '' && {
      OR: [{ slug: { contains: text, mode: 'insensitive' } }, { name: { contains: text, mode: 'insensitive' } }],
    }),
  };
}

/** Prisma hands `contains` to ILIKE as it is. */
function escapePattern(text: string): string {
  return text.replaceAll(/[\\%_]/g, String.raw`\$&`);
}
