import { markIf, type Attempt, type FuzzOperation } from './attempt.ts';

function freshUser({ freshId, freshText }: Attempt): { id: string; email: string; name: string } {
  return { id: freshId(), email: freshText(), name: freshText() };
}

/** Ways to write, each by what it answers or what can be read afterwards. Whatever they leave bears the tenant's mark. */
export const writeOperations: Record<string, FuzzOperation> = {
  create: async (attempt) => {
    const data = freshUser(attempt);
    const { email } = await attempt.db.user.create({ data });
    return [email, markIf(email === data.email, attempt)];
  },
  createMany: async (attempt) => {
    const { count } = await attempt.db.user.createMany({ data: [freshUser(attempt), freshUser(attempt)] });
    return [markIf(count === 2, attempt)];
  },
  createManyAndReturn: async (attempt) => {
    const users = await attempt.db.user.createManyAndReturn({ data: [freshUser(attempt), freshUser(attempt)] });
    return users.map(({ email }) => email);
  },
  update: async ({ db, userId: id, freshText }) => [(await db.user.update({ where: { id }, data: { name: freshText() } })).email],
  updateMany: async (attempt) => {
    const { db, userId: id, mark, freshText } = attempt;
    const { count } = await db.user.updateMany({ where: { id, email: { contains: mark } }, data: { name: freshText() } });
    return [markIf(count === 1, attempt)];
  },
  updateManyAndReturn: async ({ db, userId: id, freshText }) =>
    (await db.user.updateManyAndReturn({ where: { id }, data: { name: freshText() } })).map(({ email }) => email),
  upsertOfKnown: async ({ db, userId: id, freshText }) => [
    (await db.user.upsert({ where: { id }, update: { name: freshText() }, create: { email: freshText(), name: freshText() } })).email,
  ],
  upsertOfNew: async (attempt) => {
    const create = freshUser(attempt);
    const { email } = await attempt.db.user.upsert({ where: { email: create.email }, update: { name: 'known already' }, create });
    return [email];
  },
  delete: async (attempt) => {
    const { id } = await attempt.db.user.create({ data: freshUser(attempt), select: { id: true } });
    return [(await attempt.db.user.delete({ where: { id } })).email];
  },
  deleteMany: async (attempt) => {
    const data = freshUser(attempt);
    await attempt.db.user.create({ data });
    return [markIf((await attempt.db.user.deleteMany({ where: { id: data.id, email: data.email } })).count === 1, attempt)];
  },
  nestedCreate: async ({ db, userId, freshId, freshText }) => {
    const team = await db.team.create({
      data: { id: freshId(), name: freshText(), members: { create: { userId } } },
      include: { members: { include: { user: true } } },
    });
    return [team.name, ...team.members.map(({ user }) => user.email)];
  },
  nestedUpdate: async ({ db, userId: id, freshId, freshText }) => {
    const team = { id: freshId(), name: freshText() };
    const user = await db.user.update({
      where: { id },
      data: { name: freshText(), memberships: { create: { team: { create: team } } } },
      include: { memberships: { where: { teamId: team.id }, include: { team: true } } },
    });
    return [user.email, user.memberships[0]?.team.name];
  },
  connectOrCreate: async (attempt) => {
    const { db, freshId, userId } = attempt;
    const invitee = freshUser(attempt);
    const invitation = await db.invitation.create({
      data: {
        id: freshId(),
        expiresAt: new Date(),
        user: { connectOrCreate: { where: { email: invitee.email }, create: invitee } },
        invitedBy: { connect: { id: userId } },
      },
      include: { user: true, invitedBy: true },
    });
    return [invitation.user.email, invitation.invitedBy?.email];
  },
  settings: async ({ db, mark }) => {
    const locale = `${mark}-${Date.now()}`;
    return [(await db.tenantSettings.upsert({ where: { id: 1 }, update: { locale }, create: { locale } })).locale];
  },
  executeRaw: async (attempt) => {
    const { db, userId, mark, freshText } = attempt;
    const count = await db.$executeRaw`UPDATE users SET name = ${freshText()} WHERE id = ${userId}::uuid AND email LIKE ${`%${mark}%`}`;
    return [markIf(count === 1, attempt)];
  },
  executeRawUnsafe: async (attempt) => {
    const { id, email, name } = freshUser(attempt);
    const sql = 'INSERT INTO users (id, email, name, updated_at) VALUES ($1::uuid, $2, $3, now())';
    return [markIf((await attempt.db.$executeRawUnsafe(sql, id, email, name)) === 1, attempt)];
  },
};
