import { Prisma } from '@tenantry/prisma/tenant';
import type { Page } from '@tenantry/subgraph-kit';

export type Direction = 'asc' | 'desc';

/** Bounds of a column's value, as Prisma has them. */
export type Bounds = { gt: string } | { gte: string } | { lt: string } | { lte: string };

/** Directions in SQL: how it orders rows, and how it compares those that come later. */
export const inSql: Record<Direction, { order: Prisma.Sql; isBeyond: Prisma.Sql }> = {
  asc: { order: Prisma.sql`ASC`, isBeyond: Prisma.sql`>` },
  desc: { order: Prisma.sql`DESC`, isBeyond: Prisma.sql`<` },
};

/** The direction to read a page's rows in. */
export function readingDirection(direction: 'ASC' | 'DESC', page: Page<unknown>): Direction {
  return (direction === 'ASC') === page.backwards ? 'desc' : 'asc';
}

/** What lies beyond `value` in a direction. */
export function beyond(value: string, direction: Direction): Bounds {
  return direction === 'asc' ? { gt: value } : { lt: value };
}

/** As {@link beyond}, `value` included. */
export function fromOn(value: string, direction: Direction): Bounds {
  return direction === 'asc' ? { gte: value } : { lte: value };
}
