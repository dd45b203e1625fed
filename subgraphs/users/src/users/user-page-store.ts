import { Prisma } from '@tenantry/prisma/tenant';
import type { CursorPosition, Page } from '@tenantry/subgraph-kit';
import type { TenantDb } from '@tenantry/tenant-pool';
import { inSql, readingDirection, type Direction } from '../keyset.ts';
import type { UserConditions } from './user-filter.ts';
import type { UserOrder } from './user-orderings.ts';
import type { Person } from './user-store.ts';

const columns: Record<UserOrder['field'], { name: Prisma.Sql; bound: (value: string) => Prisma.Sql }> = {
  CREATED_AT: { name: Prisma.sql`created_at`, bound: (instant) => Prisma.sql`${instant}::timestamptz` },
  NAME: { name: Prisma.sql`name`, bound: (text) => Prisma.sql`${text}` },
  EMAIL: { name: Prisma.sql`email`, bound: (text) => Prisma.sql`${text}` },
};

/** Which users to read, and in what order. */
export interface UserPageQuery {
  readonly conditions: UserConditions;
  readonly order: UserOrder;
  readonly page: Page<string>;
}

export async function findUserPage(db: TenantDb, { conditions, order, page }: UserPageQuery): Promise<Person[]> {
  const direction = readingDirection(order.direction, page);
  const position = page.position ? [beyond(page.position, order.field, direction)] : [];
  return await db.$read<Person>(Prisma.sql`
    SELECT id, email, name, role, status, created_at AS "createdAt"
    FROM users
    ${where([...matching(conditions), ...position])}
    ORDER BY ${columns[order.field].name} ${inSql[direction].order}, id ${inSql[direction].order}
    LIMIT ${page.limit + 1}`);
}

export async function countUsers(db: TenantDb, conditions: UserConditions): Promise<number> {
  const [row] = await db.$read<{ count: number }>(Prisma.sql`SELECT count(*)::int AS count FROM users ${where(matching(conditions))}`);
  return row?.count ?? 0;
}

function where(conditions: Prisma.Sql[]): Prisma.Sql {
  return conditions.length > 0 ? Prisma.sql`WHERE ${Prisma.join(conditions, ' AND ')}` : Prisma.empty;
}

/** As one comparison of rows, for which Postgres starts in the middle of an index. */
function beyond({ values, id }: CursorPosition<string>, field: UserOrder['field'], direction: Direction): Prisma.Sql {
  const { name, bound } = columns[field];
  return Prisma.sql`(${name}, id) ${inSql[direction].isBeyond} (${bound(values)}, ${id}::uuid)`;
}

function matching({ role, status, teamId, search }: UserConditions): Prisma.Sql[] {
  const pattern = search && containing(search);
  return [
    ...(role ? [Prisma.sql`role = ${role}::"UserRole"`] : []),
    ...(status ? [Prisma.sql`status = ${status}::"UserStatus"`] : []),
    ...(teamId ? [Prisma.sql`id IN (SELECT user_id FROM team_members WHERE team_id = ${teamId}::uuid)`] : []),
    ...(pattern ? [Prisma.sql`(name ILIKE ${pattern} OR email ILIKE ${pattern})`] : []),
  ];
}

/** What LIKE would read as a pattern is escaped. */
function containing(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}
