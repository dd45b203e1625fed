import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { Prisma, PrismaClient } from '@tenantry/prisma/tenant';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TenantDb } from '../lease.ts';
import { recordingAdapter } from '../self-test/recording-adapter.ts';
import { openTenantAdapter, type TenantAdapter } from '../testing/tenant-adapters.ts';
import { createTenantDatabases, type TenantDatabases } from '../testing/tenant-databases.ts';
import { call } from '../testing/untyped-members.ts';
import { freeGrant } from './grant.ts';
import { switchingAdapterFactory } from './switching-adapter.ts';
import { createTenantClients } from './tenant-clients.ts';

const id = randomUUID();
const email = 'ada@acme.test';
const issuer_subject = { issuer: 'https://idp.test', subject: 'ada' };

let databases: TenantDatabases;
let opened: TenantAdapter;

beforeAll(async () => {
  databases = await createTenantDatabases(1);
  opened = await openTenantAdapter(databases, databases.tenant(0));
  await databases.within(
    databases.tenant(0),
    `INSERT INTO users (id, email, name, issuer, subject, updated_at)
     VALUES ($1, $2, 'Ada', $3, $4, now()), (gen_random_uuid(), 'bob@acme.test', 'Bob', NULL, NULL, now())`,
    [id, email, issuer_subject.issuer, issuer_subject.subject],
  );
});
afterAll(async () => {
  await opened?.[Symbol.asyncDispose]();
  await databases?.[Symbol.asyncDispose]();
});

const passing = Prisma.defineExtension({ query: { $allOperations: async ({ args, query }) => await query(args) } });

type Ask = (client: object) => Promise<unknown>;

/** Where a lookup can be made, besides on a bare client. */
const places: Record<string, (db: TenantDb, ask: Ask) => Promise<unknown>> = {
  'a handle': async (db, ask) => await ask(db),
  'an extended handle': async (db, ask) => await ask(db.$extends(passing)),
  'a transaction': async (db, ask) => await db.$transaction(async (tx) => await ask(tx)),
  'a transaction of an extended handle': async (db, ask) => await db.$extends(passing).$transaction(async (tx) => await ask(tx)),
};

/** Asks for a user, by what the types may not offer. */
async function lookUp(client: object, method: 'findUnique' | 'findUniqueOrThrow', lookup: unknown): Promise<unknown> {
  return await call(Object(Reflect.get(client, 'user')), method, lookup);
}

/** Whom each of `lookups` finds, or with what it fails. One at a time: Prisma may refuse, or fail, all of a batch. */
async function outcomes(lookups: readonly unknown[], ask: (lookup: unknown) => Promise<unknown>): Promise<Record<string, unknown>> {
  const told: Record<string, unknown> = {};
  for (const lookup of lookups) {
    told[inspect(lookup)] = await ask(lookup).then(
      (user) => (user === null ? 'nobody' : Reflect.get(Object(user), 'name')),
      (error: unknown) => Object(error).constructor,
    );
  }
  return told;
}

/** @param outcome of each */
function all(lookups: readonly unknown[], outcome: unknown): Record<string, unknown> {
  return Object.fromEntries(lookups.map((lookup) => [inspect(lookup), outcome]));
}

const found: object[] = [
  { where: { id } },
  { where: { email }, select: { name: true } },
  { where: { issuer_subject } },
  { where: { issuer_subject, name: 'Ada' } },
  { where: { issuer_subject, AND: { name: 'Ada' }, memberships: { none: {} } } },
  { where: { id, email, issuer: { not: null }, name: undefined } },
  { where: { id, OR: [{ name: 'Ada' }, { name: 'Eve' }] }, include: { memberships: true } },
];

const notFound: object[] = [
  { where: { id: randomUUID() } },
  { where: { id, name: 'Bob' } },
  { where: { id, issuer: null } },
  { where: { id, NOT: { name: 'Ada' } } },
  { where: { issuer_subject: { ...issuer_subject, subject: 'bob' } } },
];

const refused: unknown[] = [
  undefined,
  {},
  { where: {} },
  { where: { id: undefined } },
  { where: { id: null } },
  { where: { id: 5 } },
  { where: { id: [id] } },
  { where: { id: { not: randomUUID() } } },
  { where: { id: { equals: id } } },
  { where: { email: { not: '' } } },
  { where: { email: { contains: '@' } } },
  { where: { id, email: { contains: '@' } } },
  { where: { name: 'Ada' } },
  { where: { AND: [] } },
  { where: { AND: { id } } },
  { where: { OR: [{ name: 'Ada' }] } },
  { where: { NOT: { id } } },
  { where: { memberships: { none: {} } } },
  { where: { issuer_subject: { issuer: { not: 'x' }, subject: { not: 'y' } } } },
  { where: { issuer_subject: { ...issuer_subject, subject: null } } },
  { where: { issuer_subject: { ...issuer_subject, subject: undefined } } },
  { where: { id, nothing: 'of the kind' } },
  { where: { id }, take: 1 },
  { where: { id }, orderBy: { name: 'asc' } },
];

describe.each(['shared-client', 'client-per-tenant'] as const)('a unique lookup over a %s', (strategy) => {
  const statements: string[] = [];
  const closing = new AsyncDisposableStack();
  let db: TenantDb;
  let bare: PrismaClient;

  beforeAll(() => {
    const adapter = recordingAdapter(opened.adapter, ({ sql }) => void statements.push(sql));
    const clients = closing.use(createTenantClients({ strategy, transactionWaitMs: 5000 }));
    db = closing.use(clients.open(adapter)).handleFor(freeGrant);
    bare = new PrismaClient({ errorFormat: 'minimal', adapter: switchingAdapterFactory(() => opened.adapter) });
    closing.defer(async () => await bare.$disconnect());
  });
  afterAll(async () => await closing.disposeAsync());

  describe.each(Object.entries(places))('on %s', (_name, within) => {
    const by = (method: 'findUnique' | 'findUniqueOrThrow') => async (lookup: unknown) =>
      await within(db, async (client) => await lookUp(client, method, lookup));

    test('finds what Prisma finds', async () => {
      expect(await outcomes(found, by('findUnique'))).toEqual(all(found, 'Ada'));
      expect(await outcomes(found, by('findUniqueOrThrow'))).toEqual(all(found, 'Ada'));
      expect(await outcomes(notFound, by('findUnique'))).toEqual(all(notFound, 'nobody'));
      expect(await outcomes(notFound, by('findUniqueOrThrow'))).toEqual(all(notFound, Prisma.PrismaClientKnownRequestError));
    });

    test('refuses what Prisma refuses', async () => {
      statements.length = 0;
      expect(await outcomes(refused, by('findUnique'))).toEqual(all(refused, Prisma.PrismaClientValidationError));
      expect(await outcomes(refused, by('findUniqueOrThrow'))).toEqual(all(refused, Prisma.PrismaClientValidationError));
      expect(statements.filter((sql) => sql.startsWith('SELECT'))).toEqual([]);
    });
  });

  const bareLookup = async (lookup: unknown) => await lookUp(bare, 'findUnique', lookup);

  test('is held to what a bare client does', async () => {
    expect(await outcomes([...found, ...notFound], bareLookup)).toEqual({ ...all(found, 'Ada'), ...all(notFound, 'nobody') });
    expect(await outcomes(refused, bareLookup)).toEqual(all(refused, Prisma.PrismaClientValidationError));
  });

  test('says what Prisma says', async () => {
    const lookup = { where: { email: { not: '' } } };
    const [ours, theirs] = [db, bare].map(async (client) => await lookUp(client, 'findUnique', lookup));
    await expect(ours).rejects.toEqual(await theirs?.catch((error: unknown) => error));
  });
});
