import type { Principal } from '@tenantry/auth';
import {
  createTestCaller,
  openTestInstallation,
  type Answer,
  type TestCaller,
  type TestInstallation,
} from '@tenantry/subgraph-kit/testing';
import type { Tenant } from '@tenantry/tenant-control';
import subgraph from '../index.ts';

/** A tenant with somebody in each role that matters here. */
export interface TestTenant {
  readonly tenant: Tenant;
  readonly member: Principal;
  readonly admin: Principal;
}

/** This subgraph over two tenants, the older one first. */
export interface TwoTenants extends AsyncDisposable {
  readonly installation: TestInstallation;
  readonly caller: TestCaller;
  readonly acme: TestTenant;
  readonly globex: TestTenant;
}

export async function openTwoTenants(postgresUrl: string, options?: Parameters<typeof openTestInstallation>[1]): Promise<TwoTenants> {
  await using opened = new AsyncDisposableStack();
  const installation = opened.use(await openTestInstallation(postgresUrl, options));
  const acme = await addTenant(installation);
  const globex = await addTenant(installation);
  const running = opened.move();
  return {
    installation,
    caller: createTestCaller(subgraph, installation),
    acme,
    globex,
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  };
}

export async function addTenant(installation: TestInstallation): Promise<TestTenant> {
  const tenant = await installation.provision();
  const member = await installation.addUser(tenant.id);
  const admin = await installation.addUser(tenant.id, { role: 'ADMIN' });
  return { tenant, member, admin };
}

/** What an answer's data and the codes of its errors are. */
export function outcomeOf<Data>({ data, errors = [] }: Answer<Data>): { data: Data | null | undefined; codes: string[] } {
  return { data, codes: errors.map(({ extensions }) => extensions.code) };
}

export function codesOf(answer: Answer<unknown>): string[] {
  return outcomeOf(answer).codes;
}

/** Every field of a tenant that its members see. */
export const everyField =
  'id slug name tier status schemaVersion createdAt settings { locale timeZone invitationDays } usage { databaseBytes connections }';

/** A query for tenants as the gateway asks for entities, with `$representations`. */
export function entitiesQuery(selection: string): string {
  return `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Tenant { ${selection} } } }`;
}

export function representationsOf(...ids: readonly string[]) {
  return { representations: ids.map((id) => ({ __typename: 'Tenant', id })) };
}
