import { randomBytes } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { expect, it } from 'vitest';
import { signDevelopmentToken } from './development-token.ts';
import { tenantId } from './testing/signing-key.ts';
import { createTokenVerifier } from './token-verifier.ts';

const secret = randomBytes(32);
const issuer = 'tenantry-development';
const audience = 'tenantry';

it('is a token that a verifier with the same secret accepts', async () => {
  const verifier = createTokenVerifier({ issuers: [{ issuer, kind: 'secret', secret }], audience, tenantClaim: 'tenant_id' });
  const ofTenant = { tenantId, email: 'ada@example.com', emailVerified: true, name: 'Ada' };
  const token = signDevelopmentToken({ secret, issuer, audience, subject: 'ada', ...ofTenant, expiresInSeconds: 60 });
  expect(await verifier.verify(token)).toEqual({
    issuer,
    subject: 'ada',
    tenantId,
    scopes: [],
    email: 'ada@example.com',
    emailVerified: true,
    expiresAt: jwt.decode(token, { json: true })?.exp,
  });
});

it('may be an operator, and may carry the tenant in a claim of another name', async () => {
  const verifier = createTokenVerifier({ issuers: [{ issuer, kind: 'secret', secret }], audience, tenantClaim: 'org' });
  const common = { secret, issuer, audience, subject: 'op', expiresInSeconds: 60 };
  const scopes = ['tenants:read', 'tenants:impersonate'];
  expect(await verifier.verify(signDevelopmentToken({ ...common, scopes }))).toMatchObject({ tenantId: null, scopes });
  expect(await verifier.verify(signDevelopmentToken({ ...common, tenantId, tenantClaim: 'org' }))).toMatchObject({ tenantId });
});
