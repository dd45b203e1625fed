import { startPgBouncer, type PgBouncer } from '@tenantry/backing-services';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { ClusterConfig } from '../clusters/cluster-config.ts';
import { databaseUrl } from '../postgres/connection.ts';
import { someOf, meetDoom, type Doom, type SagaPoint } from '../testing/doom.ts';
import { openInstallation, operator, runSql, uniqueName, type Installation } from '../testing/installation.ts';
import { rotationSteps } from './rotation-saga.ts';
import { RotatedTenants, type SignIn } from './testing/rotated-tenants.ts';

const server = inject('postgresUrl');
const missing: string = inject('pgBouncerMissing');
const { hostname: host, port } = new URL(server);
const pooler = { user: uniqueName('pooler'), password: 'of the pooler' };
let pgBouncer: PgBouncer | undefined;
let cluster: ClusterConfig;
let installation: Installation;
let tenants: RotatedTenants;
let id: string;
let owner: string;

beforeAll(async () => {
  cluster = { name: 'standard', adminUrl: server };
  if (missing === '') {
    await runSql(server, `CREATE ROLE ${pooler.user} LOGIN PASSWORD '${pooler.password}'`);
    pgBouncer = await startPgBouncer({
      server: { host, port: Number(port) },
      users: { [pooler.user]: pooler.password },
      settings: { auth_user: pooler.user, auth_query: 'SELECT role, verifier FROM tenantry.logins WHERE role = $1' },
    });
    const { host: at, port: on } = pgBouncer;
    cluster = { ...cluster, tenants: { host: at, port: on, sslMode: 'disable', pooling: 'transaction', authUser: pooler.user } };
  }
  installation = await openInstallation({ serverUrl: server, clusters: [cluster], rotation: { quietMs: 50, graceMs: 500 } });
  tenants = new RotatedTenants(installation, server);
  ({ id } = await tenants.provision());
  owner = (await tenants.placement(id)).role;
  await tenants.query(id, 'CREATE TABLE marks (mark text)');
});
afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
  await pgBouncer?.[Symbol.asyncDispose]();
  if (missing === '') await runSql(server, `DROP ROLE ${pooler.user}`);
});

async function kill(where: Pick<Doom, 'kill'> & Partial<Pick<Doom, 'fail' | 'afterMs'>>): Promise<boolean> {
  return await meetDoom({
    controlDatabaseUrl: installation.controlDatabaseUrl,
    clusters: [cluster],
    keys: [...installation.keyRing].map(([key, bytes]) => [key, bytes.toString('base64')]),
    call: { method: 'rotateCredentials', id, actor: operator, options: { atOnce: false } },
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

/** By the way that the catalog names. */
async function mark(): Promise<void> {
  const { host: at, port: on } = await tenants.placement(id);
  const url = new URL(await tenants.url(id));
  url.host = `${at}:${on}`;
  await runSql(url.href, 'INSERT INTO marks VALUES ($1)', [uniqueName('mark')]);
}

/** The roles as which PgBouncer lets somebody in; null where there is none. */
async function knownToPooler(): Promise<string[] | null> {
  if (missing !== '') return null;
  const { database } = await tenants.placement(id);
  const rows = await runSql<{ role: string }>(databaseUrl(server, database), 'SELECT role FROM tenantry.logins');
  return rows.map(({ role }) => role);
}

/** The catalog's login is the only one of the tenant; what was before opens nothing. */
async function expectOneLogin(before: SignIn): Promise<void> {
  const now = await tenants.signIn(id);
  await mark();
  const roles = await tenants.roles(id);
  expect(roles).toEqual({ [owner]: now.user === owner, [now.user]: true });
  expect(await tenants.opens(id, before)).toBe(now.user === before.user);
  expect(await knownToPooler()).toEqual(missing === '' ? [now.user] : null);
  const diagnoses = await installation.control.examine();
  expect(diagnoses.filter(({ tenantId }) => tenantId === id)).toEqual([]);
  const secrets = await installation.query(`SELECT id FROM sagas WHERE state = 'DONE' AND data ? 'sealedPassword'`);
  expect(secrets).toEqual([]);
}

const names = rotationSteps.map(({ name }) => name);
const beyondReturn = names.indexOf('switch');

/** Each place where a process can be killed on the way to other credentials. */
const forward: SagaPoint[] = [
  ...names.flatMap((step): SagaPoint[] => [
    { step, direction: 'run', at: 'before' },
    { step, direction: 'run', at: 'after' },
  ]),
  ...['login', 'switch', 'drain', 'retirement'].map((step): SagaPoint => ({ step, direction: 'run', at: 'during' })),
];

/** And on the way back from a failure just before nothing leads back. */
const backward: SagaPoint[] = [
  ...names.slice(0, beyondReturn).flatMap((step): SagaPoint[] => [
    { step, direction: 'undo', at: 'before' },
    { step, direction: 'undo', at: 'after' },
  ]),
  { step: 'login', direction: 'undo', at: 'during' },
];

describe(`a process that is killed on its way to other credentials ${missing}`, () => {
  test.each(someOf(forward))('$at the step "$step" cuts nobody off, and leaves a rotation that another finishes', async (point) => {
    const before = await tenants.signIn(id);
    expect(await kill({ kill: point })).toBe(true);
    await mark();
    await takeOver();
    expect((await tenants.signIn(id)).user).not.toBe(before.user);
    await expectOneLogin(before);
  });

  test.each(someOf(names))('in the middle of whatever the step "%s" does leaves a rotation that another finishes', async (step) => {
    const before = await tenants.signIn(id);
    await kill({ kill: { step, direction: 'run', at: 'before' }, afterMs: Math.floor(Math.random() * 12) });
    await mark();
    await takeOver();
    expect((await tenants.signIn(id)).user).not.toBe(before.user);
    await expectOneLogin(before);
  });
});

describe(`a process that is killed on its way back from a failure ${missing}`, () => {
  const fail: SagaPoint = { step: 'verification', direction: 'run', at: 'after' };

  test.each(someOf(backward))('$at the step "$step" leaves a rotation that another undoes', async (point) => {
    const before = await tenants.signIn(id);
    expect(await kill({ kill: point, fail })).toBe(true);
    await mark();
    await takeOver();
    expect(await tenants.signIn(id)).toEqual(before);
    await expectOneLogin(before);
  });
});
