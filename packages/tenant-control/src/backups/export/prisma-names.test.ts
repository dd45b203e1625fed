import { expect, test } from 'vitest';
import { readPrismaNames } from './prisma-names.ts';

test('models and fields are found by their tables and columns', () => {
  const models = readPrismaNames(`
/// model Commented { id Int @id }
enum Role {
  MEMBER
}

model User {
  id        String   @id @default(uuid(7)) @db.Uuid
  /// Not the column "x" @map("y").
  createdAt DateTime @default(now()) @map("created_at") @db.Timestamptz(3)
  role      Role     @default(MEMBER) @map(name: "the_role")
  tags      String[]
  nick      String?  @map("nick_name") // also known as
  kind      Unsupported("int4range")? @map("kind_of")
  team      Team?    @relation(fields: [teamId], references: [id], map: "users_team")
  teamId    Int?     @map("team_id")

  @@index([createdAt], map: "by_creation")
  @@map("users")
}

model Team {
  id    Int    @id
  users User[]
}

model Remark {
  id Int @id
  @@map(name: "remarks")
  @@schema("extra")
}
`);
  expect([...models.keys()]).toEqual(['public.users', 'public.Team', 'extra.remarks']);
  const user = models.get('public.users');
  expect(user?.model).toBe('User');
  expect(['id', 'created_at', 'the_role', 'tags', 'nick_name', 'kind_of', 'team_id'].map((column) => user?.fields.get(column))).toEqual([
    'id',
    'createdAt',
    'role',
    'tags',
    'nick',
    'kind',
    'teamId',
  ]);
  expect(models.get('public.Team')?.fields.get('id')).toBe('id');
});
