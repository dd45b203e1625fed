import { Prisma, type PrismaClient } from '@tenantry/prisma/control';
import { sealedPasswordFact } from './rotation-context.ts';

/** A sealed password as it was found. */
export interface SealedPassword {
  /** Of the row that it stands in. */
  readonly id: string;
  /** What it is bound to. */
  readonly tenantId: string;
  readonly sealed: string;
}

/** Where the control database holds sealed passwords. */
export interface SealedPlace {
  /** Those of the rows beyond `after`, in the order of their ids, or of the rows with these ids. */
  read(db: PrismaClient, rows: { after: string; limit: number } | { ids: readonly string[] }): Promise<SealedPassword[]>;
  /** Replaces those that are still what was found. @returns ids of their rows */
  replace(db: PrismaClient, passwords: readonly (SealedPassword & { resealed: string })[]): Promise<string[]>;
}

/**
 * In the order in which a password passes through them: whoever goes through them in this order meets each one, since what moves on
 * behind their back was met before, and what moves on before them is met later.
 */
export const sealedPlaces: readonly SealedPlace[] = [
  placeIn({
    table: Prisma.sql`sagas`,
    tenantId: Prisma.sql`tenant_id`,
    sealed: Prisma.sql`data->>${sealedPasswordFact}`,
    condition: Prisma.sql`state IN ('RUNNING', 'UNDOING') AND data ? ${sealedPasswordFact}`,
    change: Prisma.sql`data = sagas.data || jsonb_build_object(${sealedPasswordFact}::text, resealed)`,
  }),
  placeIn({ table: Prisma.sql`shelf`, tenantId: Prisma.sql`id`, ...column() }),
  placeIn({ table: Prisma.sql`tenants`, tenantId: Prisma.sql`id`, ...column() }),
];

interface PlaceInSql {
  readonly table: Prisma.Sql;
  readonly tenantId: Prisma.Sql;
  readonly sealed: Prisma.Sql;
  readonly condition: Prisma.Sql;
  readonly change: Prisma.Sql;
}

function column(): Pick<PlaceInSql, 'sealed' | 'condition' | 'change'> {
  return {
    sealed: Prisma.sql`sealed_password`,
    // What was purged has none any more.
    condition: Prisma.sql`sealed_password <> ''`,
    change: Prisma.sql`sealed_password = resealed`,
  };
}

function placeIn({ table, tenantId, sealed, condition, change }: PlaceInSql): SealedPlace {
  return {
    read: async (db, rows) => {
      const wanted = 'ids' in rows ? Prisma.sql`id = ANY(${rows.ids}::uuid[])` : Prisma.sql`id > ${rows.after}::uuid`;
      const limit = 'ids' in rows ? rows.ids.length : rows.limit;
      return await db.$queryRaw<SealedPassword[]>`
        SELECT id, ${tenantId} AS "tenantId", ${sealed} AS sealed FROM ${table} WHERE ${condition} AND ${wanted} ORDER BY id LIMIT ${limit}`;
    },
    replace: async (db, passwords) => {
      const replaced = await db.$queryRaw<{ id: string }[]>`
        UPDATE ${table} SET ${change}
        FROM unnest(${passwords.map(({ id }) => id)}::uuid[], ${passwords.map((password) => password.sealed)}::text[],
          ${passwords.map(({ resealed }) => resealed)}::text[]) AS found (row_id, found, resealed)
        WHERE id = row_id AND ${condition} AND ${sealed} = found
        RETURNING id`;
      return replaced.map(({ id }) => id);
    },
  };
}
