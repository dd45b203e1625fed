import { silentLogger, unseal } from '@tenantry/service';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startClientPostgres, whyNoClientPostgres, type ClientPostgres } from '../backups/testing/client-postgres.ts';
import { openClusterAdmin } from '../clusters/cluster-admin.ts';
import { assertSupported } from '../clusters/supported-server.ts';
import { asOwner } from '../credentials/as-owner.ts';
import { databaseUrl } from '../postgres/connection.ts';
import { namesOf } from '../tenant-databases/owned-database.ts';
import { openInstallation, operator, runSql, type Installation } from '../testing/installation.ts';

const missing = await whyNoClientPostgres();
let server: ClientPostgres;

beforeAll(async () => {
  if (missing !== '') return;
  server = await startClientPostgres();
  await runSql(server.url, `CREATE ROLE administrator LOGIN CREATEDB CREATEROLE PASSWORD 'secret'`);
  await runSql(server.url, 'CREATE DATABASE administrator OWNER administrator');
});
afterAll(async () => await server?.[Symbol.asyncDispose]());

describe.each(['a superuser', 'a role with CREATEDB and CREATEROLE'])(
  `a server of the version of Debian's packages, and %s ${missing}`,
  (who) => {
    let installation: Installation;
    let adminUrl: string;

    beforeEach(({ skip }) => skip(missing !== '', missing));
    beforeAll(async () => {
      if (missing !== '') return;
      adminUrl =
        who === 'a superuser' ? server.url : databaseUrl(server.url, 'administrator', { user: 'administrator', password: 'secret' });
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
      await using admin = openClusterAdmin({ name: 'standard', adminUrl }, silentLogger);
      const emails = await asOwner(admin, namesOf(tenant.id), async (url) => await runSql(url, 'SELECT email FROM users'));
      expect(emails).toEqual([{ email: 'ada@acme.example' }]);
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
  },
);

test('one that is older is refused, with what to do', () => {
  expect(() => assertSupported('standard', 15)).not.toThrow();
  expect(() => assertSupported('standard', 14)).toThrow(
    'The cluster "standard" runs PostgreSQL 14: tenants\' databases need 15 or newer. Upgrade it.',
  );
});
