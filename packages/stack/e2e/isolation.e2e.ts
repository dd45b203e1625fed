import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestStack, type TestStack, type TestTenant } from './support/test-stack.ts';

const tenantCount = 20;
const rounds = 4;

describe.each(['in-process', 'http'] as const)('20 tenants under concurrent mixed traffic, %s', (transport) => {
  let stack: TestStack;
  let tenants: TestTenant[];

  beforeAll(async () => {
    stack = await startTestStack({ transport });
    tenants = await Promise.all(Array.from({ length: tenantCount }, async (_, index) => await stack.provision(`t-${index}`)));
    await Promise.all(tenants.map(stampRows));
  });
  afterAll(async () => await stack[Symbol.asyncDispose]());

  /** Names the tenant in everything that it owns, so that a row from elsewhere betrays itself. */
  async function stampRows({ tenant }: TestTenant): Promise<void> {
    await using lease = await stack.services.pool.lease(tenant.id, { operation: 'stamp' });
    await lease.db.$transaction(async (tx) => {
      for (let n = 0; n < 10; n++) {
        const team = await tx.team.create({ data: { name: `${tenant.slug} team ${n}` } });
        const user = await tx.user.create({ data: { email: `${n}@${tenant.slug}.example`, name: `${tenant.slug} user ${n}` } });
        await tx.teamMember.create({ data: { teamId: team.id, userId: user.id } });
      }
    });
  }

  const traffic: ((of: TestTenant, round: number) => { query: string; variables?: Record<string, unknown> })[] = [
    () => ({ query: '{ tenant { slug name } users(first: 50) { nodes { name email teams { name } tenant { slug } } } }' }),
    () => ({ query: '{ teams { nodes { name } } me { email tenant { slug } } }' }),
    ({ ownerId }) => ({ query: 'query ($id: ID!) { user(id: $id) { email tenant { slug name } } }', variables: { id: ownerId } }),
    ({ tenant }, round) => ({
      query: 'mutation ($name: String!) { createTeam(input: { name: $name }) { team { name } userErrors { code } } }',
      variables: { name: `${tenant.slug} team made in round ${round} ${Math.random()}` },
    }),
    ({ tenant, ownerId }, round) => ({
      query:
        'mutation ($id: ID!, $name: String!) { updateUser(input: { id: $id, name: $name }) { user { name tenant { slug } } userErrors { code } } }',
      variables: { id: ownerId, name: `${tenant.slug} owner ${round}` },
    }),
  ];

  test('see no row from elsewhere', async () => {
    const stampsSeen = new Set<string>();
    for (let round = 0; round < rounds; round++) {
      await Promise.all(
        tenants.flatMap((of) =>
          traffic.map(async (request) => {
            const { query, variables } = request(of, round);
            const answer = await stack.ask(of.ownerToken, query, variables);
            expect(answer.errors).toBeUndefined();
            const stamps = [...JSON.stringify(answer.data).matchAll(/t-\d+/g)].map(([stamp]) => stamp);
            expect(new Set(stamps)).toEqual(new Set([of.tenant.slug]));
            for (const stamp of stamps) stampsSeen.add(stamp);
          }),
        ),
      );
    }
    expect(stampsSeen.size).toBe(tenantCount);
  });
});
