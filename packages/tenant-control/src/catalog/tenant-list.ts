import type { Prisma, PrismaClient, TenantStatus, TenantTier } from '@tenantry/prisma/control';
import { BadInputError, canonicalUuid } from '@tenantry/service';
import { tenantColumns, type Tenant } from '../tenant.ts';

/** Conditions that must all hold. */
export interface TenantFilter {
  readonly status?: TenantStatus | null | undefined;
  readonly tier?: TenantTier | null | undefined;
  /** A part of the slug or name, in any case. */
  readonly search?: string | null | undefined;
}

export interface ListTenantsOptions {
  /** From 1 to {@link maxPageSize}. */
  readonly first: number;
  /** Cursor of the last tenant of the page before, from {@link tenantCursor}. */
  readonly after?: string | null | undefined;
  readonly filter?: TenantFilter | null | undefined;
}

export interface TenantPage {
  /** The oldest first. */
  readonly tenants: Tenant[];
  /** How many match the filter, on all pages. */
  readonly totalCount: number;
  readonly hasNextPage: boolean;
}

const maxPageSize = 100;

/** Where a tenant stands in the list, as an opaque text. */
export function tenantCursor({ createdAt, id }: Pick<Tenant, 'createdAt' | 'id'>): string {
  return Buffer.from(`${createdAt.toISOString()} ${id}`).toString('base64url');
}

/** @throws {BadInputError} when `first` is out of bounds or `after` is no cursor */
export async function listTenants(db: PrismaClient, { first, after, filter }: ListTenantsOptions): Promise<TenantPage> {
  if (!Number.isInteger(first) || first < 1 || first > maxPageSize) throw new BadInputError(`\`first\` must be from 1 to ${maxPageSize}.`);
  const matching = matches(filter ?? {});
  const [rows, totalCount] = await Promise.all([
    db.tenant.findMany({
      where: after == null ? matching : { AND: [matching, isAfter(after)] },
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
      // One more than asked for tells whether there is a next page.
      take: first + 1,
      select: tenantColumns,
    }),
    db.tenant.count({ where: matching }),
  ]);
  return { tenants: rows.slice(0, first), totalCount, hasNextPage: rows.length > first };
}

function matches({ status, tier, search }: TenantFilter): Prisma.TenantWhereInput {
  const text = search == null ? '' : escapePattern(search.trim());
  return {
    ...(status != null && { status }),
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

function isAfter(cursor: string): Prisma.TenantWhereInput {
  const [instant = '', text = ''] = Buffer.from(cursor, 'base64url').toString().split(' ');
  const createdAt = new Date(instant);
  const id = canonicalUuid(text);
  if (Number.isNaN(createdAt.getTime()) || id === null) throw new BadInputError('`after` is not a cursor of this list.');
  return { OR: [{ createdAt: { gt: createdAt } }, { createdAt, id: { gt: id } }] };
}
