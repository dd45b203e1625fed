import { unseal } from '@tenantry/service';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { databaseUrl } from '../postgres/connection.ts';
import { someOf, meetDoom, type Doom, type SagaPoint } from '../testing/doom.ts';
import { findOrphans } from '../testing/orphans.ts';
import { openInstallation, operator, runSql, uniqueName, type Installation } from '../testing/installation.ts';
import { cloningSteps } from './provisioning-saga.ts';

const server = inject('postgresUrl');
let installation: Installation;

beforeAll(async () => void (installation = await openInstallation({ serverUrl: server })));
afterAll(async () => await installation?.[Symbol.asyncDispose]());

function newRequest() {
  const slug = uniqueName('t').replace('_', '-');
  const firstOwner = { email: 'ada@acme.example', name: 'Ada' };
  return { input: { slug, name: 'Acme', firstOwner }, options: { actor: operator, idempotencyKey: `key-${slug}` } };
}

type Request = ReturnType<typeof newRequest>;

async function kill(request: Request, where: Pick<Doom, 'kill'> & Partial<Pick<Doom, 'fail' | 'afterMs'>>): Promise<boolean> {
  return await meetDoom({
    controlDatabaseUrl: installation.controlDatabaseUrl,
    clusters: [{ name: 'standard', adminUrl: server }],
    keys: [...installation.keyRing].map(([id, key]) => [id, key.toString('base64')]),
    call: { method: 'provisionTenant', ...request },
    fail: null,
    afterMs: null,
    ...where,
  });
}

/** What another process does once nothing has been heard of the first one for long enough. */
async function takeOver(): Promise<void> {
  await installation.query("UPDATE sagas SET leased_until = now() - interval '1 s' WHERE leased_until IS NOT NULL");
  await installation.control.resumeSagas();
  expect(await installation.query(`SELECT id FROM sagas WHERE state IN ('RUNNING', 'UNDOING')`)).toEqual([]);
}

/** Whether its owner was invited, by the tenant's own role. */
async function invited(id: string): Promise<unknown> {
  const placement = await installation.catalog.findPlacement(id);
  if (!placement) throw new Error(`no tenant ${id}`);
  const password = unseal(placement.sealedPassword, id, installation.keyRing);
  const url = databaseUrl(server, placement.database, { user: placement.role, password });
  return await runSql(url, 'SELECT email FROM users JOIN invitations ON user_id = users.id');
}

async function expectOneTenant(request: Request): Promise<void> {
  await takeOver();
  expect(await findOrphans(installation, server)).toEqual([]);
  const tenant = await installation.control.provisionTenant(request.input, request.options);
  expect(tenant.status).toBe('ACTIVE');
  expect(await installation.query('SELECT id FROM tenants WHERE slug = $1', [request.input.slug])).toEqual([{ id: tenant.id }]);
  expect(await invited(tenant.id)).toEqual([{ email: 'ada@acme.example' }]);
  expect(await findOrphans(installation, server)).toEqual([]);
}

const names = cloningSteps.map(({ name }) => name);
/** The first one is done by the statement that the saga begins with. */
const namesToRun = names.slice(1);
const inParts = ['role', 'database'];

/** Each place where a process can be killed on the way to a tenant. */
const forward: SagaPoint[] = [
  ...namesToRun.flatMap((step): SagaPoint[] => [
    { step, direction: 'run', at: 'before' },
    { step, direction: 'run', at: 'after' },
  ]),
  ...inParts.map((step): SagaPoint => ({ step, direction: 'run', at: 'during' })),
];

/** And on the way back from a failure just before the end. */
const backward: SagaPoint[] = names.flatMap((step) => [
  { step, direction: 'undo', at: 'before' },
  { step, direction: 'undo', at: 'after' },
]);

describe('a process that is killed on its way to a tenant', () => {
  test.each(someOf(forward))('$at the step "$step" leaves one that another finishes', async (point) => {
    const request = newRequest();
    expect(await kill(request, { kill: point })).toBe(true);
    await takeOver();
    expect(await installation.query('SELECT status FROM tenants WHERE slug = $1', [request.input.slug])).toEqual([{ status: 'ACTIVE' }]);
    await expectOneTenant(request);
  });

  test.each(someOf(namesToRun))('in the middle of whatever the step "%s" does leaves one that another finishes', async (step) => {
    const request = newRequest();
    const afterMs = Math.floor(Math.random() * 12);
    await kill(request, { kill: { step, direction: 'run', at: 'before' }, afterMs });
    await expectOneTenant(request);
    expect(await installation.query('SELECT status FROM tenants WHERE slug = $1', [request.input.slug])).toEqual([{ status: 'ACTIVE' }]);
  });
});

describe('a process that is killed on its way back from a failure', () => {
  const fail: SagaPoint = { step: 'activation', direction: 'run', at: 'before' };

  test.each(someOf(backward))(
    '$at the step "$step" leaves one that another undoes, and the same request makes one tenant',
    async (point) => {
      const request = newRequest();
      expect(await kill(request, { kill: point, fail })).toBe(true);
      await takeOver();
      expect(await installation.query('SELECT FROM tenants WHERE slug = $1', [request.input.slug])).toEqual([]);
      await expectOneTenant(request);
    },
  );
});
