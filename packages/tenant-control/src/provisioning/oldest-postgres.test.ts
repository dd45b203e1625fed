import { unseal } from '@tenantry/service';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startClientPostgres, whyNoClientPostgres, type ClientPostgres } from '../backups/testing/client-postgres.ts';
import { databaseUrl } from '../postgres/connection.ts';
import { openInstallation, operator, runSql, type Installation } from '../testing/installation.ts';

const missing = await whyNoClientPostgres();
let server: ClientPostgres;

beforeAll(async () => {
  if (missing === '') server = await startClientPostgres();
});
afterAll(async () => await server?.[Symbol.asyncDispose]());

describe.each(['a superuser', 'a role with CREATEDB and CREATEROLE'])(`a server of the version of Debian's packages, and %s ${missing}`, (who) => {
  let installation: Installation;

  beforeEach(({ skip }) => skip(missing !== '', missing));
  beforeAll(async () => {
    if (missing !== '') return;
    await runSql(server.url, `CREATE ROLE administrator LOGIN CREATEDB CREATEROLE PASSWORD 'secret'`).catch(() => {});
    await runSql(server.url, `CREATE DATABASE administrator OWNER administrator`).catch(() => {});
    const adminUrl = who === 'a superuser' ? server.url : databaseUrl(server.url, 'administrator', { user: 'administrator', password: 'secret' });
    installation = await openInstallation({ serverUrl: server.url, clusters: [{ name: 'standard', adminUrl }] });
  });
  afterAll(async () => await installation?.[Symbol.asyncDispose]());

  test('serve for a tenant’s life', async () => {
    const { control, catalog } = installation;
    const tenant = await control.provisionTenant(
      { slug: 'acme', name: 'Acme', firstOwner: { email: 'ada@acme.example', name: 'Ada' } },
      { actor: operator },
    );
    await control.refillShelves();
    const shelved = await control.provisionTenant({ slug: 'globex', name: 'Globex' }, { actor: operator });
    await control.rotateCredentials(tenant.id, operator, { atOnce: true });
    await control.hibernateTenant(tenant.id, operator, { keep: 'closed' });
    await control.wakeTenant(tenant.id, operator);
    for (const { id } of [tenant, shelved]) {
      const placement = await catalog.findPlacement(id);
      if (!placement) throw new Error('a tenant has no placement');
      const password = unseal(placement.sealedPassword, id, installation.keyRing);
      const url = databaseUrl(server.url, placement.database, { user: placement.role, password });
      expect(await runSql(url, 'SELECT locale FROM tenant_settings')).toEqual([{ locale: 'en' }]);
      await runSql(url, 'CREATE TABLE extra ()');
      for (const database of ['postgres', 'template1', new URL(installation.controlDatabaseUrl).pathname.slice(1)]) {
        const elsewhere = databaseUrl(server.url, database, { user: placement.role, password });
        await expect(runSql(elsewhere, 'SELECT 1')).rejects.toMatchObject({ code: '42501' });
      }
    }
  });
});
