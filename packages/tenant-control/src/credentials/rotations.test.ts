import { randomUUID } from 'node:crypto';
import type { TenantStatus } from '@tenantry/prisma/control';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { openInstallation, operator, runSql, type Installation } from '../testing/installation.ts';
import type { Tenant } from '../tenant.ts';
import { rotationSteps } from './rotation-saga.ts';
import { RotatedTenants } from './testing/rotated-tenants.ts';

const server = inject('postgresUrl');
let installation: Installation;
let tenants: RotatedTenants;
let tenant: Tenant;
/** What happens at a point of a step of a rotation; set by a test. */
let sabotage: (point: string) => Promise<void>;

beforeAll(async () => {
  installation = await openInstallation({
    serverUrl: server,
    rotation: { quietMs: 50, graceMs: 20_000 },
    reachFaultPoint: async ({ saga, step, direction, at }) => {
      if (saga === 'ROTATE') await sabotage(`${direction} ${at} ${step}`);
    },
  });
  tenants = new RotatedTenants(installation, server);
});
afterAll(async () => await installation[Symbol.asyncDispose]());
beforeEach(async () => {
  sabotage = async () => {};
  tenant = await tenants.provision();
});

async function rotate(options: { atOnce?: boolean } = {}): Promise<Tenant> {
  const rotated = await installation.control.rotateCredentials(tenant.id, operator, options);
  await tenants.settled();
  return rotated;
}

const auditOf = async () =>
  await installation.query(`SELECT outcome, detail FROM audit_log WHERE tenant_id = $1 AND action = 'tenant.rotate' ORDER BY at`, [
    tenant.id,
  ]);

describe('a rotation', () => {
  test('gives the tenant another login and closes the one before, again and again', async () => {
    const { database } = await tenants.placement(tenant.id);
    await tenants.query(tenant.id, 'CREATE TABLE marks (mark int)');
    for (const version of [2, 3, 4]) {
      const before = await tenants.signIn(tenant.id);
      installation.published.length = 0;
      expect(await rotate()).toEqual(tenant);
      const after = await tenants.signIn(tenant.id);
      expect(await tenants.placement(tenant.id)).toMatchObject({ role: `${database}_v${version}`, credentialVersion: version });
      expect(after.password).not.toBe(before.password);
      expect(await tenants.opens(tenant.id, before)).toBe(false);
      expect(await tenants.opens(tenant.id, { ...after, password: before.password })).toBe(false);
      await tenants.query(tenant.id, `INSERT INTO marks VALUES (${version})`);
      expect(await tenants.roles(tenant.id)).toEqual({ [database]: false, [after.user]: true });
      expect(installation.published).toEqual([tenant.id]);
    }
    expect(await tenants.query(tenant.id, 'SELECT mark FROM marks ORDER BY mark')).toEqual([{ mark: 2 }, { mark: 3 }, { mark: 4 }]);
    expect(await auditOf()).toEqual(
      [2, 3, 4].map((credentialVersion) => ({ outcome: 'ALLOWED', detail: { credentialVersion, atOnce: false } })),
    );
    const kept = await installation.query(`SELECT data FROM sagas WHERE tenant_id = $1 AND data ? 'sealedPassword'`, [tenant.id]);
    expect(kept).toEqual([]);
  });

  test('leaves the role that owns the database no password', async () => {
    const { user } = await tenants.signIn(tenant.id);
    await rotate();
    expect(await runSql(server, 'SELECT rolpassword FROM pg_authid WHERE rolname = $1', [user])).toEqual([{ rolpassword: null }]);
  });

  test('waits for whoever uses the old login, and leaves the new one to everybody else meanwhile', async () => {
    const before = await tenants.signIn(tenant.id);
    const client = new Client(await tenants.url(tenant.id));
    await client.connect();
    await installation.control.rotateCredentials(tenant.id, operator);
    expect((await tenants.signIn(tenant.id)).user).not.toBe(before.user);
    expect(await tenants.query(tenant.id, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(await tenants.opens(tenant.id, before)).toBe(true);
    await client.end();
    await tenants.settled();
    expect(await tenants.opens(tenant.id, before)).toBe(false);
  });

  test('waits for nobody longer than its time of grace', async () => {
    await using hasty = await openInstallation({ serverUrl: server, rotation: { quietMs: 50, graceMs: 500 } });
    const others = new RotatedTenants(hasty, server);
    const { id } = await others.provision();
    const client = new Client(await others.url(id));
    const ended = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    await hasty.control.rotateCredentials(id, operator);
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(await ended).toMatchObject({ code: '57P01' });
    await others.settled();
    await client.end();
  });

  test('at once waits for nobody', async () => {
    const before = await tenants.signIn(tenant.id);
    const client = new Client(await tenants.url(tenant.id));
    const ended = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    await installation.control.rotateCredentials(tenant.id, operator, { atOnce: true });
    expect(await ended).toMatchObject({ code: '57P01' });
    expect(await tenants.opens(tenant.id, before)).toBe(false);
    expect(await auditOf()).toMatchObject([{ detail: { atOnce: true } }]);
    await client.end();
  });

  test('of a suspended tenant is one like any other', async () => {
    await installation.control.suspendTenant(tenant.id, operator);
    expect(await rotate()).toMatchObject({ status: 'SUSPENDED' });
    expect(await tenants.opens(tenant.id, await tenants.signIn(tenant.id))).toBe(true);
  });

  test('keeps what an operator has set for the role', async () => {
    const { user } = await tenants.signIn(tenant.id);
    const { database } = await tenants.placement(tenant.id);
    await runSql(server, `ALTER ROLE ${user} SET statement_timeout = '1min'; ALTER ROLE ${user} SET search_path = "$user", public, "a b"`);
    await runSql(server, `ALTER ROLE ${user} IN DATABASE ${database} SET work_mem = '5MB'`);
    for (const _time of ['first', 'second']) await rotate();
    const settings = `SELECT current_setting('statement_timeout') AS statement, current_setting('search_path') AS path,
      current_setting('work_mem') AS memory, current_setting('idle_in_transaction_session_timeout') AS idle`;
    expect(await tenants.query(tenant.id, settings)).toEqual([
      { statement: '1min', path: '"$user", public, "a b"', memory: '5MB', idle: '10s' },
    ]);
  });

  test('takes from a login what it made without acting as the owner', async () => {
    await rotate();
    const { database } = await tenants.placement(tenant.id);
    await tenants.query(tenant.id, 'SET ROLE NONE; SELECT lo_create(4711)');
    await rotate();
    const owners = await tenants.query(
      tenant.id,
      `SELECT pg_get_userbyid(lomowner) AS owner FROM pg_largeobject_metadata WHERE oid = 4711`,
    );
    expect(owners).toEqual([{ owner: database }]);
  });
});

describe('a rotation is refused', () => {
  const statuses: TenantStatus[] = ['PROVISIONING', 'HIBERNATED', 'WAKING', 'MIGRATING', 'DELETING', 'DELETED', 'FAILED'];
  test.each(statuses)('to a tenant that is %s, on record', async (status) => {
    const failedStep = status === 'FAILED' ? 'x' : null;
    await installation.query('UPDATE tenants SET status = $2::"TenantStatus", failed_step = $3 WHERE id = $1', [
      tenant.id,
      status,
      failedStep,
    ]);
    await expect(rotate()).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining(`is ${status}; only one`) });
    expect(await auditOf()).toMatchObject([{ outcome: 'DENIED' }]);
    expect((await tenants.placement(tenant.id)).credentialVersion).toBe(1);
  });

  test('while another one is under way', async () => {
    const attempts = await Promise.allSettled(
      Array.from({ length: 5 }, async () => await installation.control.rotateCredentials(tenant.id, operator)),
    );
    await tenants.settled();
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refusals = attempts.flatMap((attempt) => (attempt.status === 'rejected' ? [attempt.reason] : []));
    expect(refusals).toEqual(refusals.map(() => expect.objectContaining({ code: 'CONFLICT', retryAfterMs: 2000 })));
    expect((await tenants.placement(tenant.id)).credentialVersion).toBe(2);
  });

  test.each([randomUUID(), 'acme', ''])('to %j, which is no tenant', async (id) => {
    await expect(installation.control.rotateCredentials(id, operator)).rejects.toMatchObject({ code: 'TENANT_NOT_FOUND' });
  });
});

describe('a failure', () => {
  const names = rotationSteps.map(({ name }) => name);
  const beyondReturn = names.indexOf('switch');

  test.each([...names.slice(0, beyondReturn).map((step) => `before ${step}`), 'during login', 'after login', 'after verification'])(
    '%s leaves the credentials what they were, and nothing else',
    async (point) => {
      const before = await tenants.signIn(tenant.id);
      sabotage = async (at) => {
        if (at === `run ${point}`) throw new Error('sabotage');
      };
      const step = point.split(' ').at(-1);
      await expect(rotate()).rejects.toMatchObject({ name: 'RotationError', step, cause: { message: 'sabotage' } });
      expect(await tenants.signIn(tenant.id)).toEqual(before);
      expect(await tenants.opens(tenant.id, before)).toBe(true);
      expect(await tenants.roles(tenant.id)).toEqual({ [before.user]: true });
      expect(await auditOf()).toMatchObject([{ outcome: 'ALLOWED' }, { outcome: 'FAILED', detail: { step } }]);
      sabotage = async () => {};
      await rotate();
    },
  );

  test.each([...names.slice(beyondReturn).map((step) => `before ${step}`), 'during switch', 'after switch', 'during retirement'])(
    '%s is tried again until it succeeds',
    async (point) => {
      const before = await tenants.signIn(tenant.id);
      let failures = 0;
      sabotage = async (at) => {
        if (at === `run ${point}` && failures++ === 0) throw new Error('sabotage');
      };
      const attempt = installation.control.rotateCredentials(tenant.id, operator, { atOnce: true });
      await expect(attempt).rejects.toThrow('it is tried again until it succeeds');
      expect(await tenants.opens(tenant.id, await tenants.signIn(tenant.id))).toBe(true);
      await installation.query('UPDATE sagas SET retry_at = now() WHERE retry_at IS NOT NULL');
      expect(await installation.control.resumeSagas()).toBe(1);
      await tenants.settled();
      const after = await tenants.signIn(tenant.id);
      expect(after.user).toBe(`${before.user}_v2`);
      expect(await tenants.roles(tenant.id)).toEqual({ [before.user]: false, [after.user]: true });
    },
  );

  test('of a role that is there and somebody else’s leaves that one alone', async () => {
    const { user } = await tenants.signIn(tenant.id);
    await runSql(server, `CREATE ROLE ${user}_v2 NOLOGIN`);
    await expect(rotate()).rejects.toMatchObject({ step: 'login', cause: { message: expect.stringContaining('is not the tenant’s') } });
    expect(await tenants.roles(tenant.id)).toEqual({ [user]: true, [`${user}_v2`]: false });
  });
});

test('a process that stops leaves the login that waits to be closed to another one', async () => {
  const other = await openInstallation({ serverUrl: server, rotation: { quietMs: 60_000, graceMs: 120_000 } });
  await using _other = other;
  const others = new RotatedTenants(other, server);
  const { id } = await others.provision();
  const before = await others.signIn(id);
  await other.control.rotateCredentials(id, operator);
  await other.control[Symbol.asyncDispose]();
  const [left] = await other.query(`SELECT state, leased_until FROM sagas WHERE kind = 'ROTATE'`);
  expect(left).toEqual({ state: 'RUNNING', leased_until: null });
  expect(await others.opens(id, before)).toBe(true);
});
