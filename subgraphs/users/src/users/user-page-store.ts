import type { Prisma, User } from '@tenantry/prisma/tenant';
import type { CursorPosition, Page } from '@tenantry/subgraph-kit';
import type { Database } from '../database.ts';
import { beyond, fromOn, readingDirection, type Bounds, type Direction } from '../keyset.ts';
import type { UserConditions } from './user-filter.ts';
import type { UserOrder } from './user-orderings.ts';

const columns: Record<
  UserOrder['field'],
  { where: (bounds: Bounds) => Prisma.UserWhereInput; orderBy: (direction: Direction) => Prisma.UserOrderByWithRelationInput }
> = {
  CREATED_AT: { where: (createdAt) => ({ createdAt }), orderBy: (createdAt) => ({ createdAt }) },
  NAME: { where: (name) => ({ name }), orderBy: (name) => ({ name }) },
  EMAIL: { where: (email) => ({ email }), orderBy: (email) => ({ email }) },
};

/** Which users to read, and in what order. */
export interface UserPageQuery {
  readonly conditions: UserConditions;
  readonly order: UserOrder;
  readonly page: Page<string>;
}

export async function findUserPage(db: Database, { conditions, order, page }: UserPageQuery): Promise<User[]> {
  const direction = readingDirection(order.direction, page);
  return await db.user.findMany({
    where: { AND: [matching(conditions), page.position ? after(page.position, order.field, direction) : {}] },
    orderBy: [columns[order.field].orderBy(direction), { id: direction }],
    take: page.limit + 1,
  });
}

export async function countUsers(db: Database, conditions: UserConditions): Promise<number> {
  return await db.user.count({ where: matching(conditions) });
}

/** The outer bound is implied by the rest: it is what lets Postgres start in the middle of an index. */
function after({ values, id }: CursorPosition<string>, field: UserOrder['field'], direction: Direction): Prisma.UserWhereInput {
  const { where } = columns[field];
  return { ...where(fromOn(values, direction)), OR: [where(beyond(values, direction)), { id: beyond(id, direction) }] };
}

function matching({ role, status, teamId, search }: UserConditions): Prisma.UserWhereInput {
  return {
    ...(role && { role }),
    ...(status && { status }),
    ...(teamId && { memberships: { some: { teamId } } }),
    ...(search && { OR: [{ name: containing(search) }, { email: containing(search) }] }),
  };
}

/** Prisma passes a text to LIKE as it is: what LIKE would read as a pattern is escaped here. */
function containing(text: string): Prisma.StringFilter<'User'> {
  return { contains: text.replaceAll(/[\\%_]/g, String.raw`\$&`), mode: 'insensitive' };
}
