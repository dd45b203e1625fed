import { createTokenVerifier } from '@tenantry/auth';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openInstallation, operator, type Installation } from '@tenantry/tenant-control/testing';
import { environmentOf } from '../testing/environment-of.ts';
import { runCommand, runForJson } from '../testing/run-command.ts';

const secret = 'a secret of at least thirty-two bytes';
const tenantId = '0199aaaa-0000-7000-8000-000000000001';
const environment = { JWT_SECRET: secret };
const verifier = createTokenVerifier({
  issuers: [{ kind: 'secret', issuer: 'tenantry-development', secret: Buffer.from(secret) }],
  audience: 'tenantry',
  tenantClaim: 'tenant_id',
});

async function sign(...args: readonly string[]) {
  const { stdout } = await runCommand(['token', ...args], { environment });
  return await verifier.verify(stdout.trim());
}

test('a token is an operator’s, or a person’s in a tenant', async () => {
  expect(await sign('--scope', 'tenants:read  tenants:write')).toMatchObject({
    subject: 'developer',
    tenantId: null,
    scopes: ['tenants:read', 'tenants:write'],
  });
  expect(await sign('--tenant', tenantId, '--subject', 'ada', '--email', 'ada@acme.example')).toMatchObject({
    subject: 'ada',
    tenantId,
    email: 'ada@acme.example',
    emailVerified: true,
  });
});

test('as JSON it is a document', async () => {
  expect(await runForJson(['token'], { environment })).toEqual([{ token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) }]);
});

test('without a secret to sign with there is none', async () => {
  const { status, stderr } = await runCommand(['token'], { environment: { CONTROL_DATABASE_URL: 'postgres://db.example/control' } });
  expect(status).toBe(78);
  expect(stderr).toContain('JWT_SECRET is missing: without it, tokens come from your identity provider');
});

test('an issuer, audience and claim of the environment are used', async () => {
  const own = { JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'api', JWT_TENANT_CLAIM: 'org' };
  const { stdout } = await runCommand(['token', '--tenant', tenantId], { environment: { ...environment, ...own } });
  const issuers = [{ kind: 'secret', issuer: 'https://id.example', secret: Buffer.from(secret) }] as const;
  const other = createTokenVerifier({ issuers, audience: 'api', tenantClaim: 'org' });
  expect(await other.verify(stdout.trim())).toMatchObject({ tenantId });
});

let installation: Installation;
beforeAll(async () => {
  installation = await openInstallation({ serverUrl: inject('postgresUrl') });
});
afterAll(async () => await installation[Symbol.asyncDispose]());

test('a tenant may be named by its slug', async () => {
  const { id } = await installation.control.provisionTenant({ slug: 'acme', name: 'Acme' }, { actor: operator });
  const reachable = { ...environment, ...environmentOf(installation, inject('postgresUrl')) };
  const { stdout } = await runCommand(['token', '--tenant', 'acme'], { environment: reachable });
  expect(await verifier.verify(stdout.trim())).toMatchObject({ tenantId: id });
});
