import { randomUUID } from 'node:crypto';
import { operatorWith, type Answer } from '@tenantry/subgraph-kit/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { codesOf, openTwoTenants, type TwoTenants } from './testing/two-tenants.ts';

const reader = operatorWith('tenants:read');
const actor = { issuer: 'test', subject: 'test', requestId: 'test' };
const query = 'subscription ($id: ID!) { provisioningRunChanged(id: $id) { id kind state finishedAt steps { name state } } }';
let tenants: TwoTenants;
beforeAll(async () => {
  tenants = await openTwoTenants(inject('postgresUrl'));
});
afterAll(async () => await tenants[Symbol.asyncDispose]());

interface Run {
  readonly id: string;
  readonly state: string;
  readonly finishedAt: string | null;
  readonly steps: readonly { name: string; state: string }[];
}

type Told = Answer<{ provisioningRunChanged: Run }>;

function follow(principal: typeof reader | null, id: string) {
  return tenants.caller.subscribe<{ provisioningRunChanged: Run }>(principal, query, { variables: { id } });
}

const runOf = ({ data }: Told) => data?.provisioningRunChanged;

async function refused(principal: typeof reader | null, id: string): Promise<string[]> {
  const { value } = await follow(principal, id).next();
  return value ? codesOf(value) : [];
}

/** Has changes of several steps wait before their first one. */
async function holdSteps(): Promise<AsyncDisposable> {
  const client = new Client({ connectionString: tenants.installation.controlDatabaseUrl });
  await client.connect();
  await client.query('BEGIN');
  await client.query('LOCK TABLE saga_steps IN SHARE MODE');
  return { [Symbol.asyncDispose]: async () => await client.end() };
}

async function latestRun(tenantId: string): Promise<string> {
  const [run] = await tenants.installation.services.catalog.findLatestRuns([tenantId], 1);
  return run?.kind === 'HIBERNATE' ? run.id : '';
}

it('tells how a change stands, and then each of its steps to the end, which is that of the subscription', async () => {
  const { control } = tenants.installation;
  const { id: tenantId } = tenants.acme.tenant;
  const held = await holdSteps();
  const hibernating = control.hibernateTenant(tenantId, actor);
  await expect.poll(async () => await latestRun(tenantId)).not.toBe('');
  const id = await latestRun(tenantId);
  const subscription = follow(reader, id);
  const first = await subscription.next();
  expect(first.value && runOf(first.value)).toEqual({ id, kind: 'HIBERNATE', state: 'RUNNING', finishedAt: null, steps: [] });
  await held[Symbol.asyncDispose]();
  const told: Told[] = [];
  for await (const result of subscription) told.push(result);
  await hibernating;
  const counts = told.map((result) => runOf(result)?.steps.length ?? 0);
  expect(counts).toEqual(counts.toSorted((one, other) => one - other));
  expect(told.slice(0, -1).map((result) => runOf(result)?.state)).not.toContain('DONE');
  const last = told.at(-1);
  expect(last && runOf(last)).toMatchObject({ id, state: 'DONE', finishedAt: expect.any(String) });
});

it('tells of one that has ended just that', async () => {
  const { control, services } = tenants.installation;
  const { id: tenantId } = tenants.globex.tenant;
  await control.hibernateTenant(tenantId, actor);
  const [run] = await services.catalog.findLatestRuns([tenantId], 1);
  const told: Told[] = [];
  for await (const result of follow(reader, run?.id ?? '')) told.push(result);
  expect(told.map(runOf)).toMatchObject([{ id: run?.id, state: 'DONE' }]);
});

it('is for operators with tenants:read, and for what there is', async () => {
  const id = randomUUID();
  expect(await refused(null, id)).toEqual(['UNAUTHENTICATED']);
  for (const principal of [operatorWith('tenants:write'), tenants.acme.admin]) expect(await refused(principal, id)).toEqual(['FORBIDDEN']);
  for (const nothing of [id, 'nonsense']) expect(await refused(reader, nothing)).toEqual(['NOT_FOUND']);
});
