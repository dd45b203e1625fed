import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { errorCodes, valueOf } from '../testing/answers.ts';
import { openTestTenant, type Person, type TestTenant } from '../testing/test-tenant.ts';

let tenant: TestTenant;
let caller: Person;

beforeAll(async () => (tenant = await openTestTenant()));
afterAll(async () => await tenant[Symbol.asyncDispose]());

beforeEach(async () => {
  await tenant.clear();
  caller = await tenant.add({
    name: 'Caller',
    email: 'caller@here.example',
    role: 'ADMIN',
    createdAt: new Date('2026-01-01T00:00:00.000Z'),
  });
});

const listUsers = /* GraphQL */ `
  query ($first: Int, $after: String, $last: Int, $before: String, $filter: UserFilter, $orderBy: UserOrder) {
    users(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
      edges {
        cursor
        node {
          name
        }
      }
      nodes {
        name
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
      totalCount
    }
  }
`;

const connection = z.object({
  edges: z.array(z.object({ cursor: z.string(), node: z.object({ name: z.string() }) })),
  nodes: z.array(z.object({ name: z.string() })),
  pageInfo: z.object({
    hasNextPage: z.boolean(),
    hasPreviousPage: z.boolean(),
    startCursor: z.string().nullable(),
    endCursor: z.string().nullable(),
  }),
  totalCount: z.number(),
});

async function list(variables: Record<string, unknown> = {}) {
  return valueOf(await tenant.ask(caller, listUsers, variables), connection);
}

async function names(variables: Record<string, unknown>): Promise<string[]> {
  return (await list(variables)).nodes.map(({ name }) => name);
}

/** How many statements of a query count rows. */
async function countsOf(query: string): Promise<number> {
  const statements = await tenant.statementsOf(async () => await tenant.ask(caller, query));
  return statements.filter((sql) => /count\(/i.test(sql)).length;
}

/** Six people; some share a name, and some the moment they were made. */
async function addCrowd(): Promise<void> {
  for (const [index, name] of ['Bea', 'Cem', 'Bea', 'Dan', 'Cem', 'Bea'].entries()) {
    const createdAt = new Date(Date.UTC(2026, 1, 1 + Math.floor(index / 3)));
    await tenant.add({ name, email: `${'zyxwvu'[index]}@here.example`, createdAt });
  }
}

describe('users', () => {
  const fields = ['CREATED_AT', 'NAME', 'EMAIL'];
  const orders = fields.flatMap((field) => ['ASC', 'DESC'].map((direction) => ({ field, direction })));

  it.each(orders)('shows everybody exactly once, page by page, forwards and backwards, by $field $direction', async (orderBy) => {
    await addCrowd();
    const all = (await list({ first: 100, orderBy })).edges.map(({ cursor }) => cursor);
    expect(new Set(all).size).toBe(7);

    const forwards: string[] = [];
    for (let after: string | null = null, more = true; more;) {
      const page: z.infer<typeof connection> = await list({ first: 2, after, orderBy });
      expect(page.pageInfo.hasPreviousPage).toBe(after !== null);
      forwards.push(...page.edges.map(({ cursor }) => cursor));
      ({ endCursor: after, hasNextPage: more } = page.pageInfo);
    }
    expect(forwards).toEqual(all);

    const backwards: string[] = [];
    for (let before: string | null = null, more = true; more;) {
      const page: z.infer<typeof connection> = await list({ last: 2, before, orderBy });
      expect(page.pageInfo.hasNextPage).toBe(before !== null);
      backwards.unshift(...page.edges.map(({ cursor }) => cursor));
      ({ startCursor: before, hasPreviousPage: more } = page.pageInfo);
    }
    expect(backwards).toEqual(all);
  });

  it('orders by the field that is asked for, and by age when none is', async () => {
    await addCrowd();
    expect(await names({ orderBy: { field: 'NAME', direction: 'ASC' } })).toEqual(['Bea', 'Bea', 'Bea', 'Caller', 'Cem', 'Cem', 'Dan']);
    expect(await names({ orderBy: { field: 'EMAIL', direction: 'DESC' } })).toEqual(['Bea', 'Cem', 'Bea', 'Dan', 'Cem', 'Bea', 'Caller']);
    expect((await names({}))[0]).toBe('Caller');
  });

  it('keeps its place when people come and go between two pages', async () => {
    await addCrowd();
    const orderBy = { field: 'EMAIL', direction: 'ASC' };
    const { pageInfo } = await list({ first: 3, orderBy });
    await tenant.add({ name: 'Early', email: 'a@here.example' });
    expect(await names({ first: 3, after: pageInfo.endCursor, orderBy })).toEqual(['Dan', 'Bea', 'Cem']);
  });

  it('gives 20 at a time when no size is asked for, and no more than 100', async () => {
    await tenant.access(async (db) => {
      await db.user.createMany({
        data: Array.from({ length: 25 }, (_, index) => ({ email: `p${index}@here.example`, name: `P${index}` })),
      });
    });
    const page = await list();
    expect([page.nodes.length, page.totalCount, page.pageInfo.hasNextPage]).toEqual([20, 26, true]);
    expect(errorCodes(await tenant.ask(caller, listUsers, { first: 101 }))).toEqual(['BAD_USER_INPUT']);
    expect(errorCodes(await tenant.ask(caller, listUsers, { first: -1 }))).toEqual(['BAD_USER_INPUT']);
  });

  it('has null cursors on an empty page', async () => {
    const page = await list({ filter: { search: 'nobody is called this' } });
    expect(page).toEqual({
      edges: [],
      nodes: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
      totalCount: 0,
    });
  });

  it('refuses a cursor of another order, and what is no cursor', async () => {
    const { pageInfo } = await list({ orderBy: { field: 'NAME', direction: 'ASC' } });
    expect(errorCodes(await tenant.ask(caller, listUsers, { after: pageInfo.endCursor }))).toEqual(['BAD_USER_INPUT']);
    expect(errorCodes(await tenant.ask(caller, listUsers, { after: 'bm9uc2Vuc2U' }))).toEqual(['BAD_USER_INPUT']);
  });

  it.each([
    ['CREATED_AT', '0000-01-01T00:00:00.000Z'],
    ['CREATED_AT', `2026-01-01T00:00:00.${'0'.repeat(200)}Z`],
    ['NAME', 'a\0b'],
    ['NAME', 'a'.repeat(1001)],
  ])('refuses a forged cursor by %s that no row could have', async (field, k) => {
    const cursor = { v: 1, o: `users:${field}:ASC`, k, id: caller.user.id };
    const after = Buffer.from(JSON.stringify(cursor)).toString('base64url');
    expect(errorCodes(await tenant.ask(caller, listUsers, { after, orderBy: { field, direction: 'ASC' } }))).toEqual(['BAD_USER_INPUT']);
  });

  it('counts the total only when it is selected', async () => {
    expect(await countsOf('{ users { nodes { id } } }')).toBe(0);
    expect(await countsOf('{ users { nodes { id } totalCount } }')).toBe(1);
  });
});

describe('the filter of users', () => {
  beforeEach(async () => {
    await tenant.add({ name: 'Ada 100% Lovelace', email: 'ada@math.example', role: 'OWNER' });
    await tenant.add({ name: 'under_score', email: 'u@math.example', status: 'INVITED' });
    await tenant.add({ name: String.raw`back\slash`, email: 'b@math.example' });
    await tenant.add({ name: 'René', email: 'r@math.example', status: 'DEACTIVATED' });
  });

  it('takes role and status, together and alone', async () => {
    expect(await names({ filter: { role: 'OWNER' } })).toEqual(['Ada 100% Lovelace']);
    expect(await names({ filter: { status: 'INVITED' } })).toEqual(['under_score']);
    expect(await names({ filter: { role: 'MEMBER', status: 'ACTIVE' } })).toEqual([String.raw`back\slash`]);
    expect(await names({ filter: { role: 'OWNER', status: 'INVITED' } })).toEqual([]);
  });

  it.each([
    ['LOVE', ['Ada 100% Lovelace']],
    ['Math.Example', ['Ada 100% Lovelace', 'under_score', String.raw`back\slash`, 'René']],
    ['  here.example ', ['Caller']],
    ['%', ['Ada 100% Lovelace']],
    ['_', ['under_score']],
    ['\\', [String.raw`back\slash`]],
    ['a%a', []],
    ['rene\u0301', ['René']],
    ["'; DROP TABLE users; --", []],
  ])('finds what has %j in its name or email, as it is written', async (search, expected) => {
    const found = await names({ filter: { search } });
    expect(found.toSorted()).toEqual([...expected].toSorted());
  });

  it('counts what it lets through', async () => {
    expect((await list({ first: 1, filter: { search: 'math' } })).totalCount).toBe(4);
  });

  it('takes a team', async () => {
    const teamId = await tenant.access(async (db) => {
      const team = await db.team.create({ data: { name: 'Math', members: { create: { userId: caller.user.id } } } });
      return team.id;
    });
    expect(await names({ filter: { teamId } })).toEqual(['Caller']);
    expect(await names({ filter: { teamId: '0198c0de-0000-7000-8000-000000000000' } })).toEqual([]);
  });

  it.each([{ search: 'a\u0000b' }, { search: '\ud83d' }, { search: 'a'.repeat(201) }, { teamId: 'not-an-id' }])(
    'refuses %j',
    async (filter) => {
      expect(errorCodes(await tenant.ask(caller, listUsers, { filter }))).toEqual(['BAD_USER_INPUT']);
    },
  );
});

describe('Tenant.users and Tenant.userCount', () => {
  const tenantQuery = /* GraphQL */ `
    query ($id: ID!) {
      _entities(representations: [{ __typename: "Tenant", id: $id }]) {
        ... on Tenant {
          userCount
          users(first: 1, orderBy: { field: NAME, direction: DESC }) {
            totalCount
            nodes {
              name
            }
          }
        }
      }
    }
  `;

  it("show the request's own tenant's people", async () => {
    await addCrowd();
    const answer = await tenant.ask(caller, tenantQuery, { id: tenant.id });
    expect(answer.data).toEqual({ _entities: [{ userCount: 7, users: { totalCount: 7, nodes: [{ name: 'Dan' }] } }] });
  });

  it("refuse another tenant's", async () => {
    const answer = await tenant.ask(caller, tenantQuery, { id: '0198c0de-0000-7000-8000-000000000000' });
    expect(errorCodes(answer)).toEqual(['FORBIDDEN']);
    expect(answer.data).toEqual({ _entities: [null] });
  });
});
