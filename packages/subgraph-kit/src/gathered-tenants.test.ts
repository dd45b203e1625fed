import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openTestInstallation, type TestInstallation } from './testing/installation.ts';

const resources = new AsyncDisposableStack();
let installation: TestInstallation;
let ids: string[];

beforeAll(async () => {
  installation = resources.use(await openTestInstallation(inject('postgresUrl')));
  ids = [(await installation.provision()).id, (await installation.provision()).id];
});
afterAll(async () => await resources.disposeAsync());

test('tenants that are asked for at the same time are read by one statement, and each is told of its own', async () => {
  const { catalog } = installation.services;
  const [first = '', second = ''] = ids;
  const wanted = [[first], [second.toUpperCase()], [first], [randomUUID()], ['none'], []];
  const statements = await installation.statements.record(async () => {
    const found = await Promise.all(wanted.map(async (asked) => await catalog.findTenants(asked)));
    expect(found.map((tenants) => tenants.map(({ id }) => id))).toEqual([[first], [second], [first], [], [], []]);
    expect(found[0]?.[0]).not.toBe(found[2]?.[0]);
  });
  expect(statements.filter(({ sql }) => sql.includes('FROM tenants'))).toHaveLength(1);
});

test('what is asked for after a change shows it', async () => {
  const { catalog } = installation.services;
  const { control } = installation;
  const [id = ''] = ids;
  const actor = { issuer: 'test', subject: 'test', requestId: 'test' };
  for (const name of ['One', 'Another']) {
    const before = catalog.findTenants([id]);
    await control.renameTenant(id, { name }, actor);
    expect(await catalog.findTenants([id])).toMatchObject([{ id, name }]);
    await before;
  }
});
