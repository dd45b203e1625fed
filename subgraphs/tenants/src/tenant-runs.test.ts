import { randomUUID } from 'node:crypto';
import { operatorWith } from '@tenantry/subgraph-kit/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  addTenant,
  codesOf,
  entitiesQuery,
  openTwoTenants,
  representationsOf,
  type TestTenant,
  type TwoTenants,
} from './testing/two-tenants.ts';

const reader = operatorWith('tenants:read');
const writer = operatorWith('tenants:write');
const actor = { issuer: 'test', subject: 'test', requestId: 'test' };
let acme: TestTenant;
let tenants: TwoTenants;
beforeAll(async () => {
  tenants = await openTwoTenants(inject('postgresUrl'));
});
afterAll(async () => await tenants[Symbol.asyncDispose]());
beforeEach(async () => {
  acme = await addTenant(tenants.installation);
  const { control } = tenants.installation;
  await control.hibernateTenant(acme.tenant.id, actor);
  await control.wakeTenant(acme.tenant.id, actor);
});

interface Run {
  readonly id: string;
  readonly kind: string;
}

async function runsOf(...ids: string[]): Promise<Run[][]> {
  const variables = representationsOf(...ids);
  const { data } = await tenants.caller.ask<{ _entities: { runs: Run[] }[] }>(reader, entitiesQuery('runs { id kind }'), { variables });
  return data?._entities.map(({ runs }) => runs) ?? [];
}

const query = `query ($id: ID!) {
  provisioningRun(id: $id) { id kind state tenantId error startedAt finishedAt steps { name state attempts startedAt finishedAt error } }
}`;
const find = async (principal: typeof reader | null, id: string) => await tenants.caller.ask(principal, query, { variables: { id } });

describe('Query.provisioningRun', () => {
  it('tells an operator the steps, times and errors of a change, which is found by its tenant', async () => {
    const [[last] = []] = await runsOf(acme.tenant.id);
    const done = { state: 'DONE', attempts: 1, startedAt: expect.any(String), finishedAt: expect.any(String), error: null };
    expect(await find(reader, last?.id ?? '')).toEqual({
      data: {
        provisioningRun: {
          id: last?.id,
          kind: 'WAKE',
          state: 'DONE',
          tenantId: acme.tenant.id,
          error: null,
          startedAt: expect.any(String),
          finishedAt: expect.any(String),
          steps: ['status', 'open', 'pooler', 'migration', 'verification', 'activation'].map((name) => Object.assign({ name }, done)),
        },
      },
    });
  });

  it('is null where there is none', async () => {
    for (const id of [randomUUID(), 'nonsense']) expect(await find(reader, id)).toEqual({ data: { provisioningRun: null } });
  });

  it('is for operators with tenants:read', async () => {
    const [[last] = []] = await runsOf(acme.tenant.id);
    const id = last?.id ?? '';
    for (const principal of [writer, acme.admin]) expect(new Set(codesOf(await find(principal, id)))).toEqual(new Set(['FORBIDDEN']));
    expect(new Set(codesOf(await find(null, id)))).toEqual(new Set(['UNAUTHENTICATED']));
  });
});

describe('Tenant.runs, lastActiveAt and purgeAfter', () => {
  it('tell of each tenant its own, the newest first, in two statements for all', async () => {
    const other = tenants.globex.tenant.id;
    await tenants.installation.control.hibernateTenant(other, actor);
    let runs: Run[][] = [];
    const statements = await tenants.installation.statements.record(
      async () => void (runs = await runsOf(acme.tenant.id, other, acme.tenant.id)),
    );
    const [own = [], others = [], again] = runs.map((some) => some.map(({ kind }) => kind));
    expect(own.slice(0, 2)).toEqual(['WAKE', 'HIBERNATE']);
    expect(others[0]).toBe('HIBERNATE');
    expect(again).toEqual(own);
    expect(statements.filter(({ sql }) => sql.includes('sagas'))).toHaveLength(2);
  });

  it.each(['runs { id }', 'lastActiveAt', 'purgeAfter'])('keep `%s` from members', async (field) => {
    const answer = await tenants.caller.ask(acme.admin, `{ tenant { ${field} } }`);
    expect(new Set(codesOf(answer))).toEqual(new Set(['FORBIDDEN']));
  });
});
