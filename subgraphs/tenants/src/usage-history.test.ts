import { operatorWith } from '@tenantry/subgraph-kit/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { openTwoTenants, outcomeOf, type TwoTenants } from './testing/two-tenants.ts';

const operator = operatorWith('tenants:read');
let tenants: TwoTenants;

beforeAll(async () => {
  tenants = await openTwoTenants(inject('postgresUrl'));
  const client = new Client({ connectionString: tenants.installation.controlDatabaseUrl });
  await client.connect();
  for (const [{ tenant }, factor] of [
    [tenants.acme, 1000],
    [tenants.globex, 2000],
  ] as const) {
    await client.query(
      `INSERT INTO usage_samples (tenant_id, at, database_bytes)
       SELECT $1, timestamptz '2026-03-01Z' + hours * interval '1 hour', $2::bigint * hours FROM generate_series(1, 30) AS hours`,
      [tenant.id, factor],
    );
  }
  await client.end();
});
afterAll(async () => await tenants?.[Symbol.asyncDispose]());

it("gives a member their own tenant's history, the newest 20 unless they say otherwise", async () => {
  const query = '{ tenant { usage { latest: history { databaseBytes } two: history(first: 2) { at databaseBytes } } } }';
  const answer = await tenants.caller.ask<{ tenant: { usage: { latest: { databaseBytes: number }[]; two: unknown[] } } }>(
    tenants.acme.member,
    query,
  );
  const usage = answer.data?.tenant.usage;
  expect(usage?.latest.map(({ databaseBytes }) => databaseBytes)).toEqual(Array.from({ length: 20 }, (_, index) => 1000 * (11 + index)));
  expect(usage?.two).toEqual([
    { at: '2026-03-02T05:00:00.000Z', databaseBytes: 29_000 },
    { at: '2026-03-02T06:00:00.000Z', databaseBytes: 30_000 },
  ]);
});

const historyOf = (...sizes: number[]) => ({ usage: { history: sizes.map((databaseBytes) => ({ databaseBytes })) } });

it('gives an operator those of a time, of all tenants by one statement', async () => {
  const query = `{ tenants(first: 2) { nodes { usage {
    history(from: "2026-03-01T02:00:00Z", to: "2026-03-01T04:00:00Z") { databaseBytes } } } } }`;
  let data: unknown;
  const statements = await tenants.installation.statements.record(async () => ({ data } = await tenants.caller.ask(operator, query)));
  expect(data).toEqual({ tenants: { nodes: [historyOf(2000, 3000), historyOf(4000, 6000)] } });
  expect(statements.filter(({ sql }) => sql.includes('usage_samples'))).toHaveLength(1);
  // What is not asked for is not measured.
  expect(statements.filter(({ sql }) => sql.includes('pg_database_size'))).toEqual([]);
});

it.each(['first: 0', 'first: 1001', 'from: "0000-01-01T00:00:00Z"'])('refuses %s', async (argument) => {
  const answer = await tenants.caller.ask(tenants.acme.member, `{ tenant { usage { history(${argument}) { at } } } }`);
  expect(outcomeOf(answer)).toEqual({ data: { tenant: { usage: null } }, codes: ['BAD_USER_INPUT'] });
});
