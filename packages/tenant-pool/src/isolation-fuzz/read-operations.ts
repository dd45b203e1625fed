import { Prisma } from '@tenantry/prisma/tenant';
import { markIf, type FuzzOperation } from './attempt.ts';
import { issuer } from './seeded-tenants.ts';

/** Ways to read a user that every tenant has under the same id. */
export const readOperations: Record<string, FuzzOperation> = {
  findUnique: async ({ db, userId: id }) => [(await db.user.findUnique({ where: { id } }))?.email],
  findUniqueOrThrow: async ({ db, userId: id }) => [(await db.user.findUniqueOrThrow({ where: { id }, select: { email: true } })).email],
  compoundUnique: async ({ db, userId: subject }) => [
    (await db.user.findUnique({ where: { issuer_subject: { issuer, subject } } }))?.email,
  ],
  filteredUnique: async ({ db, userId: id, mark }) => [
    (await db.user.findUnique({ where: { id, OR: [{ email: { contains: mark } }, { name: { contains: mark } }] } }))?.email,
  ],
  findFirst: async ({ db, userId: id }) => [(await db.user.findFirst({ where: { id } }))?.email],
  findFirstOrThrow: async ({ db, userId: id }) => [(await db.user.findFirstOrThrow({ where: { id } })).name],
  findMany: async ({ db, userId: id }) => (await db.user.findMany({ where: { id } })).map(({ email }) => email),
  findManyOfSeveral: async ({ db }) => (await db.user.findMany({ take: 5, orderBy: { id: 'desc' } })).map(({ name }) => name),
  count: async (attempt) => {
    const { db, userId: id, mark } = attempt;
    return [markIf((await db.user.count({ where: { id, email: { contains: mark } } })) === 1, attempt)];
  },
  aggregate: async ({ db, userId: id }) => [(await db.user.aggregate({ where: { id }, _max: { email: true } }))._max.email],
  groupBy: async ({ db, userId: id }) => (await db.user.groupBy({ by: ['email'], where: { id } })).map(({ email }) => email),
  nestedRead: async ({ db, userId: id }) => {
    const user = await db.user.findUnique({
      where: { id },
      include: { memberships: { take: 2, include: { team: { include: { members: { take: 2, include: { user: true } } } } } } },
    });
    const teams = user?.memberships.map(({ team }) => team) ?? [];
    return [user?.email, ...teams.map(({ name }) => name), ...teams.flatMap(({ members }) => members.map(({ user: { email } }) => email))];
  },
  nestedReadOfInvitations: async ({ db, userId: id }) => {
    const select = { email: true, invitation: { select: { invitedBy: { select: { email: true } } } } };
    const user = await db.user.findUnique({ where: { id }, select });
    return [user?.email, user?.invitation?.invitedBy?.email];
  },
  fluentFromUnique: async ({ db, userId: id }) => {
    const invitation = await db.user.findUnique({ where: { id } }).invitation({ include: { user: true } });
    return [invitation?.user.email];
  },
  fluentFromFirst: async ({ db, userId }) => [(await db.teamMember.findFirst({ where: { userId } }).user())?.email],
  fluentFar: async ({ db, userId }) => [(await db.invitation.findUnique({ where: { userId } }).invitedBy().invitation().user())?.email],
  read: async ({ db, userId }) =>
    (await db.$read<{ email: string }>(Prisma.sql`SELECT email FROM users WHERE id = ${userId}::uuid`)).map(({ email }) => email),
  settings: async ({ db }) => [(await db.tenantSettings.findUnique({ where: { id: 1 } }))?.locale],
  queryRaw: async ({ db, userId }) =>
    (await db.$queryRaw<{ email: string }[]>`SELECT email FROM users WHERE id = ${userId}::uuid`).map(({ email }) => email),
  queryRawUnsafe: async ({ db, userId }) =>
    (await db.$queryRawUnsafe<{ email: string }[]>('SELECT email FROM users WHERE id = $1::uuid', userId)).map(({ email }) => email),
};
