import { randomBytes, randomUUID } from 'node:crypto';
import { seal, silentLogger, unseal, type KeyRing } from '@tenantry/service';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { openControlClient } from '../control-client.ts';
import { createTenantControl, type TenantControl } from '../tenant-control.ts';
import { openInstallation, operator, type Installation } from '../testing/installation.ts';
import { resealCredentials } from './reseal-credentials.ts';
import { RotatedTenants } from './testing/rotated-tenants.ts';

const server = inject('postgresUrl');
const newKey = randomBytes(32);
let installation: Installation;
let tenants: RotatedTenants;
/** A process whose CREDENTIALS_KEY has the new key first. */
let control: TenantControl;
/** What a rotation waits for before its password is the tenant's; set by a test. */
let beforeSwitch: () => Promise<void>;

beforeAll(async () => {
  installation = await openInstallation({
    serverUrl: server,
    clusters: [{ name: 'standard', adminUrl: server, shelf: 2 }],
    rotation: { quietMs: 50, graceMs: 1000 },
    reachFaultPoint: async ({ saga, step, at }) => {
      if (saga === 'ROTATE' && step === 'switch' && at === 'before') await beforeSwitch();
    },
  });
  tenants = new RotatedTenants(installation, server);
  const { catalog, controlDatabaseUrl, keyRing, bus } = installation;
  control = await createTenantControl({
    catalog,
    controlDatabaseUrl,
    clusters: [{ name: 'standard', adminUrl: server }],
    keyRing: new Map([['k2', newKey], ...keyRing]),
    bus,
    logger: silentLogger,
    keepsHouse: false,
    rotation: { quietMs: 50, graceMs: 1000 },
  });
});
afterAll(async () => {
  await control[Symbol.asyncDispose]();
  await installation[Symbol.asyncDispose]();
});
beforeEach(async () => {
  beforeSwitch = async () => {};
  await control.resealCredentials(operator);
});

const newRing: KeyRing = new Map([['k2', newKey]]);

/** All that is sealed, with what it is bound to. */
async function sealedPasswords(): Promise<{ id: string; sealed: string }[]> {
  return await installation.query(
    `SELECT id, sealed_password AS sealed FROM tenants UNION ALL SELECT id, sealed_password FROM shelf
     UNION ALL SELECT tenant_id, data->>'sealedPassword' FROM sagas WHERE state = 'RUNNING' AND data ? 'sealedPassword'`,
  );
}

async function expectAllOpenByTheNewKey(): Promise<void> {
  for (const { id, sealed } of await sealedPasswords()) expect(unseal(sealed, id, newRing)).toMatch(/^[\w-]{43}$/);
}

test('every password, of tenants and on the shelf, is sealed by the first key, once, and stays what it was', async () => {
  await installation.control.refillShelves();
  const made = [await tenants.provision(), await tenants.provision()];
  await installation.control.refillShelves();
  const before = await sealedPasswords();
  const old = before.filter(({ sealed }) => sealed.startsWith('k1.'));
  expect(old.length).toBeGreaterThanOrEqual(4);
  installation.published.length = 0;
  const current = before.length - old.length;
  expect(await control.resealCredentials(operator)).toEqual({ resealed: old.length, alreadyCurrent: current, unopenable: [] });
  expect(installation.published.toSorted()).toEqual(old.map(({ id }) => id).toSorted());
  await expectAllOpenByTheNewKey();
  for (const { id, sealed } of old) {
    const after = (await sealedPasswords()).find((password) => password.id === id)?.sealed ?? '';
    expect(unseal(after, id, newRing)).toBe(unseal(sealed, id, installation.keyRing));
  }
  expect(await control.resealCredentials(operator)).toEqual({ resealed: 0, alreadyCurrent: before.length, unopenable: [] });
  const versions = await installation.query('SELECT DISTINCT credential_version AS version FROM tenants WHERE id = ANY($1)', [
    made.map(({ id }) => id),
  ]);
  expect(versions).toEqual([{ version: 1 }]);
});

test('the password of a rotation that is under way is, too, and is what the tenant then has', async () => {
  const { id } = await tenants.provision();
  const { promise: resealed, resolve } = Promise.withResolvers<void>();
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  beforeSwitch = async () => {
    reach();
    await resealed;
  };
  const rotation = installation.control.rotateCredentials(id, operator);
  await reached;
  const underWay = `SELECT split_part(data->>'sealedPassword', '.', 1) AS key FROM sagas WHERE state = 'RUNNING'`;
  expect(await installation.query(underWay)).toEqual([{ key: 'k1' }]);
  await control.resealCredentials(operator);
  expect(await installation.query(underWay)).toEqual([{ key: 'k2' }]);
  resolve();
  await rotation;
  await tenants.settled();
  await expectAllOpenByTheNewKey();
  const { role: user, sealedPassword } = await tenants.placement(id);
  expect(await tenants.opens(id, { user, password: unseal(sealedPassword, id, newRing) })).toBe(true);
});

test('what is made and rotated meanwhile is not left out, nor broken', async () => {
  const rotated = await Promise.all([tenants.provision(), tenants.provision(), tenants.provision()]);
  const actor = { ...operator, requestId: randomUUID() };
  const changes = rotated.map(async ({ id }) => {
    await control.rotateCredentials(id, actor);
    return await control.provisionTenant({ slug: `t${id.slice(0, 8)}`, name: 'Acme' }, { actor });
  });
  await control.resealCredentials(operator);
  const made = await Promise.all(changes);
  await tenants.settled();
  await expectAllOpenByTheNewKey();
  for (const { id } of [...rotated, ...made]) {
    const { role: user, sealedPassword } = await tenants.placement(id);
    expect(await tenants.opens(id, { user, password: unseal(sealedPassword, id, newRing) })).toBe(true);
  }
});

test('more of them than are looked at in one go are resealed by several at once, each once', async () => {
  const ids: string[] = Array.from({ length: 450 }, () => randomUUID());
  await installation.query(
    `INSERT INTO tenants (id, slug, name, status, cluster_name, database_name, role_name, login_name, sealed_password, updated_at)
     SELECT id, 't' || left(id::text, 8) || right(id::text, 8), 'Acme', 'SUSPENDED', 'standard', id, id, id, sealed, now() FROM unnest($1::uuid[], $2::text[]) AS made (id, sealed)`,
    [ids, ids.map((id) => seal('secret', id, installation.keyRing))],
  );
  try {
    const [one, other] = await Promise.all([control.resealCredentials(operator), control.resealCredentials(operator)]);
    expect(one.resealed + other.resealed).toBe(450);
    expect(one.resealed + one.alreadyCurrent).toBe(other.resealed + other.alreadyCurrent);
    const secrets = (await sealedPasswords()).filter(({ id }) => ids.includes(id)).map(({ id, sealed }) => unseal(sealed, id, newRing));
    expect(secrets).toEqual(ids.map(() => 'secret'));
  } finally {
    await installation.query('DELETE FROM tenants WHERE id = ANY($1)', [ids]);
  }
});

test('one that no key opens is named and left as it was, and the others are resealed', async () => {
  const [lost, moved, sound] = [await tenants.provision(), await tenants.provision(), await tenants.provision()];
  const broken = [
    { id: lost.id, sealed: seal('secret', lost.id, new Map([['k0', randomBytes(32)]])) },
    { id: moved.id, sealed: (await tenants.placement(sound.id)).sealedPassword },
  ];
  for (const { id, sealed } of broken) await installation.query('UPDATE tenants SET sealed_password = $2 WHERE id = $1', [id, sealed]);
  const actor = { ...operator, requestId: randomUUID() };
  const { resealed, unopenable } = await control.resealCredentials(actor);
  expect(resealed).toBe(1);
  expect(unopenable.toSorted()).toEqual([lost.id, moved.id].toSorted());
  for (const { id, sealed } of broken) expect((await tenants.placement(id)).sealedPassword).toBe(sealed);
  expect(
    await installation.query('SELECT action, outcome, tenant_id, detail FROM audit_log WHERE request_id = $1', [actor.requestId]),
  ).toEqual([
    {
      action: 'credentials.reseal',
      outcome: 'FAILED',
      tenant_id: null,
      detail: { keyId: 'k2', resealed: 1, alreadyCurrent: expect.any(Number), unopenable: 2 },
    },
  ]);
});

test('a purged tenant has none', async () => {
  const { id } = await tenants.provision();
  const { sealedPassword } = await tenants.placement(id);
  await installation.query(`UPDATE tenants SET sealed_password = '' WHERE id = $1`, [id]);
  expect((await control.resealCredentials(operator)).unopenable).not.toContain(id);
  await installation.query('UPDATE tenants SET sealed_password = $2 WHERE id = $1', [id, sealedPassword]);
});

test('what it had sealed when it failed is on record', async () => {
  await tenants.provision();
  const { controlDatabaseUrl, keyRing, bus } = installation;
  await using client = openControlClient({ url: controlDatabaseUrl, applicationName: 'tenantry:test', logger: silentLogger });
  const silent = { ...bus, publish: async () => await Promise.reject(new Error('nobody listens')) };
  const attempt = resealCredentials(operator, { db: client.db, keyRing: new Map([['k2', newKey], ...keyRing]), bus: silent });
  await expect(attempt).rejects.toThrow('nobody listens');
  const audited = await installation.query<{ outcome: string; detail: Record<string, unknown> }>(
    `SELECT outcome, detail FROM audit_log WHERE action = 'credentials.reseal' ORDER BY at DESC, id DESC LIMIT 1`,
  );
  expect(audited).toEqual([{ outcome: 'FAILED', detail: expect.objectContaining({ keyId: 'k2', resealed: expect.any(Number) }) }]);
  expect(audited[0]?.detail['resealed']).toBeGreaterThan(0);
});
