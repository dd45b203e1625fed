import { randomUUID } from 'node:crypto';
import type { Principal } from '@tenantry/auth';
import type { User, UserRole, UserStatus } from '@tenantry/prisma/tenant';
import {
  createTestCaller,
  memberOf,
  openTestInstallation,
  operatorWith,
  type Answer,
  type TestSubscription,
} from '@tenantry/subgraph-kit/testing';
import type { TenantDb } from '@tenantry/tenant-pool';
import { inject } from 'vitest';
import users from '../index.ts';

/** A user, and the token that speaks for them. */
export interface Person {
  readonly user: User;
  readonly principal: Principal;
}

interface PersonOptions {
  name?: string;
  email?: string;
  role?: UserRole;
  status?: UserStatus;
  createdAt?: Date;
}

/** A tenant in a database of its own, and this subgraph to ask about it. */
export interface TestTenant extends AsyncDisposable {
  readonly id: string;
  add(person?: PersonOptions): Promise<Person>;
  /** A token for the tenant that speaks for none of its users. */
  stranger(email?: string): Principal;
  ask(caller: Person | Principal, query: string, variables?: Record<string, unknown>): Promise<Answer>;
  subscribe(caller: Person | Principal, query: string, variables?: Record<string, unknown>): TestSubscription;
  /** As a platform operator who acts in the tenant. */
  askAsOperator(query: string, variables?: Record<string, unknown>): Promise<Answer>;
  /** Works on the tenant's database directly. */
  access<Result>(work: (db: TenantDb) => Promise<Result>): Promise<Result>;
  /** The SQL statements that `work` cost in the tenant's database. */
  statementsOf(work: () => Promise<unknown>): Promise<string[]>;
  /** Removes all people and teams. */
  clear(): Promise<void>;
}

export async function openTestTenant(): Promise<TestTenant> {
  await using opened = new AsyncDisposableStack();
  const installation = opened.use(await openTestInstallation(inject('postgresUrl')));
  const { id } = await installation.provision();
  const caller = createTestCaller(users, { services: installation.services });
  const access: TestTenant['access'] = async (work) => {
    await using lease = await installation.services.pool.lease(id, { operation: 'test' });
    return await work(lease.db);
  };
  const running = opened.move();
  return {
    id,
    access,
    add: async (person = {}) => await access(async (db) => await addPerson(db, id, person)),
    stranger: (email) => ({ ...memberOf(id), ...(email && { email }) }),
    ask: async (from, query, variables = {}) => await caller.ask('principal' in from ? from.principal : from, query, { variables }),
    subscribe: (from, query, variables = {}) => caller.subscribe('principal' in from ? from.principal : from, query, { variables }),
    askAsOperator: async (query, variables = {}) => await caller.ask(operatorWith('tenants:impersonate'), query, { variables, within: id }),
    statementsOf: async (work) => (await installation.statements.record(work)).map(({ sql }) => sql),
    clear: async () => {
      await access(async (db) => await db.$executeRaw`TRUNCATE users, teams CASCADE`);
    },
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  };
}

async function addPerson(db: TenantDb, tenantId: string, { name = 'Somebody', ...options }: PersonOptions): Promise<Person> {
  const email = options.email ?? `${randomUUID()}@people.example`;
  const principal = { ...memberOf(tenantId), email };
  const { issuer, subject } = principal;
  const identity = options.status === 'INVITED' ? {} : { issuer, subject };
  const user = await db.user.create({ data: { status: 'ACTIVE', ...options, name, email, ...identity } });
  return { user, principal };
}
