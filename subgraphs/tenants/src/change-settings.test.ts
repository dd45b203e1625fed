import type { Principal } from '@tenantry/auth';
import { memberOf, operatorWith } from '@tenantry/subgraph-kit/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { addTenant, codesOf, openTwoTenants, type TestTenant, type TwoTenants } from './testing/two-tenants.ts';

const operator = operatorWith('tenants:read', 'tenants:write');
const impersonator = operatorWith('tenants:impersonate');
let acme: TestTenant;
let tenants: TwoTenants;
beforeAll(async () => {
  tenants = await openTwoTenants(inject('postgresUrl'));
});
afterAll(async () => await tenants[Symbol.asyncDispose]());
beforeEach(async () => {
  acme = await addTenant(tenants.installation);
});

const mutation = `mutation ($input: UpdateTenantSettingsInput!) {
  updateTenantSettings(input: $input) {
    tenant { id settings { locale timeZone invitationDays } }
    userErrors { code field message }
  }
}`;

async function change(principal: Principal | null, input: object, within?: string) {
  return await tenants.caller.ask(principal, mutation, { variables: { input }, ...(within && { within }) });
}

async function readSettings() {
  const { data } = await tenants.caller.ask(acme.member, '{ tenant { settings { locale timeZone invitationDays } } }');
  return data?.['tenant'];
}

describe('Mutation.updateTenantSettings', () => {
  it('changes what is given and leaves the rest', async () => {
    expect(await change(acme.admin, { timeZone: 'Europe/Zurich' })).toEqual({
      data: {
        updateTenantSettings: {
          tenant: { id: acme.tenant.id, settings: { locale: 'en', timeZone: 'Europe/Zurich', invitationDays: 14 } },
          userErrors: [],
        },
      },
    });
    await change(acme.admin, { locale: 'de-ch', timeZone: null, invitationDays: 7 });
    expect(await readSettings()).toEqual({ settings: { locale: 'de-CH', timeZone: 'Europe/Zurich', invitationDays: 7 } });
    await change(acme.admin, {});
    expect(await readSettings()).toEqual({ settings: { locale: 'de-CH', timeZone: 'Europe/Zurich', invitationDays: 7 } });
  });

  it('names every field at fault and changes nothing', async () => {
    const answer = await change(acme.admin, { locale: 'xx-YY', timeZone: 'Mars/Olympus', invitationDays: 0 });
    expect(answer.data).toMatchObject({
      updateTenantSettings: {
        tenant: null,
        userErrors: [
          { code: 'INVALID_LOCALE', field: 'locale' },
          { code: 'INVALID_TIME_ZONE', field: 'timeZone' },
          { code: 'INVALID_INVITATION_DAYS', field: 'invitationDays' },
        ],
      },
    });
    expect((await change(acme.admin, { locale: 'fr', invitationDays: 91 })).data).toMatchObject({ updateTenantSettings: { tenant: null } });
    expect(await readSettings()).toEqual({ settings: { locale: 'en', timeZone: 'UTC', invitationDays: 14 } });
  });

  it('changes the settings of the caller’s own tenant only', async () => {
    await change(tenants.globex.admin, { locale: 'fr' });
    expect(await readSettings()).toMatchObject({ settings: { locale: 'en' } });
  });

  it('is for administrators and operators who act as one', async () => {
    expect(codesOf(await change(acme.member, { locale: 'fr' }))).toEqual(['FORBIDDEN']);
    expect(codesOf(await change(memberOf(acme.tenant.id), { locale: 'fr' }))).toEqual(['FORBIDDEN']);
    expect(codesOf(await change(null, { locale: 'fr' }))).toEqual(['UNAUTHENTICATED']);
    expect(codesOf(await change(operator, { locale: 'fr' }))).toEqual(['TENANT_REQUIRED']);
    expect(await readSettings()).toMatchObject({ settings: { locale: 'en' } });
    expect(await change(impersonator, { locale: 'fr' }, acme.tenant.id)).not.toHaveProperty('errors');
    expect(await readSettings()).toMatchObject({ settings: { locale: 'fr' } });
  });
});
