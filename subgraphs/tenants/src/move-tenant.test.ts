import type { Principal } from '@tenantry/auth';
import { startDisposablePostgres, type DisposablePostgres } from '@tenantry/backing-services';
import { operatorWith } from '@tenantry/subgraph-kit/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { codesOf, openTwoTenants, type TwoTenants } from './testing/two-tenants.ts';

const reader = operatorWith('tenants:read');
const writer = operatorWith('tenants:read', 'tenants:write');
let premium: DisposablePostgres;
let tenants: TwoTenants;
beforeAll(async () => {
  premium = await startDisposablePostgres({ settings: { shared_buffers: '32MB' } });
  tenants = await openTwoTenants(inject('postgresUrl'), { moreClusters: [{ name: 'premium', adminUrl: premium.url, shelf: 0 }] });
});
afterAll(async () => {
  await tenants?.[Symbol.asyncDispose]();
  await premium?.[Symbol.asyncDispose]();
});

async function change(principal: Principal, call: string) {
  const mutation = `mutation ($id: ID!) {
    change: ${call} { tenant { tier status } run { kind state move { deed from to way reason rows verifiedBy pauseMs isOpen } } }
  }`;
  return await tenants.caller.ask<{ change: unknown }>(principal, mutation, { variables: { id: tenants.acme.tenant.id } });
}

const askedByMember = async () => await tenants.caller.ask(tenants.acme.member, '{ tenant { slug settings { locale } } }');

test('a tenant is moved, brought back, moved again and confirmed by an operator, and asked for by its members all the while', async () => {
  const move = 'moveTenant(id: $id, cluster: "premium", tier: PREMIUM, way: DUMP)';
  const [moved, asked] = await Promise.all([change(writer, move), askedByMember()]);
  expect(moved).toEqual({
    data: {
      change: {
        tenant: { tier: 'PREMIUM', status: 'ACTIVE' },
        run: {
          kind: 'MOVE',
          state: 'DONE',
          move: {
            deed: 'MOVE',
            from: 'standard',
            to: 'premium',
            way: 'DUMP',
            reason: 'it was asked for',
            rows: 3,
            verifiedBy: 'CHECKSUMS',
            pauseMs: expect.any(Number),
            isOpen: true,
          },
        },
      },
    },
  });
  expect(codesOf(asked)).toEqual([]);
  expect(codesOf(await change(writer, move))).toEqual(['CONFLICT']);
  expect(await change(writer, 'revertTenantMove(id: $id)')).toMatchObject({
    data: { change: { tenant: { tier: 'STANDARD' }, run: { move: { deed: 'REVERT', from: 'premium', to: 'standard', isOpen: false } } } },
  });
  expect(codesOf(await askedByMember())).toEqual([]);
  expect(codesOf(await change(writer, 'confirmTenantMove(id: $id)'))).toEqual(['CONFLICT']);
  await change(writer, move);
  expect(await change(writer, 'confirmTenantMove(id: $id)')).toMatchObject({
    data: { change: { tenant: { tier: 'PREMIUM' }, run: { state: 'DONE', move: { deed: 'CONFIRM', way: null, isOpen: false } } } },
  });
  expect(await askedByMember()).toMatchObject({ data: { tenant: { slug: tenants.acme.tenant.slug } } });
});

test.each(['moveTenant(id: $id, cluster: "premium")', 'confirmTenantMove(id: $id)', 'revertTenantMove(id: $id)'])(
  'is for operators who may write: %s',
  async (call) => {
    for (const principal of [reader, tenants.acme.admin]) expect(codesOf(await change(principal, call))).toContain('FORBIDDEN');
  },
);

test('a cluster that is none is the caller’s mistake', async () => {
  expect(codesOf(await change(writer, 'moveTenant(id: $id, cluster: "moon")'))).toEqual(['BAD_USER_INPUT']);
});
