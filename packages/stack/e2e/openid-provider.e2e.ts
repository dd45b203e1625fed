import { tokenVariables, tokenVerifierConfig } from '@tenantry/auth';
import { parseEnvironment } from '@tenantry/service';
import { expect, test } from 'vitest';
import { audience, startOpenIdProvider } from './support/openid-provider.ts';
import { startTestStack } from './support/test-stack.ts';

test('tokens of an OpenID provider are accepted, found by discovery, and none is refused while the keys rotate', async () => {
  await using provider = await startOpenIdProvider();
  const environment = { JWT_JWKS_URI: await provider.discoverKeySet(), JWT_ISSUER: provider.issuer, JWT_AUDIENCE: audience };
  await using stack = await startTestStack({ tokens: tokenVerifierConfig(parseEnvironment(tokenVariables, environment), 'production') });

  const { control, catalog } = stack.services;
  const tenant = await control?.provisionTenant(
    { slug: 'acme', name: 'Acme', firstOwner: { email: 'ada@acme.example', name: 'Ada' } },
    { actor: { issuer: provider.issuer, subject: 'test', requestId: 'test' } },
  );
  expect(await catalog.findTenants([tenant?.id ?? ''])).toHaveLength(1);

  const claims = { tenant_id: tenant?.id, email: 'ada@acme.example', email_verified: true };
  const query = '{ tenant: __typename me { id } }';
  const tokens: string[] = [await provider.issueToken(claims)];
  for (let round = 0; round < 5; round++) {
    const asking = Promise.all(Array.from({ length: 40 }, async (_, n) => await stack.ask(tokens[n % tokens.length] ?? null, query)));
    provider.rotateKeys();
    tokens.push(await provider.issueToken(claims));
    const withNewest = await stack.ask(tokens.at(-1) ?? null, query);
    for (const answer of [...(await asking), withNewest]) expect(answer).toMatchObject({ status: 200, data: { me: null } });
  }
});

test('a token of the provider for another audience is refused', async () => {
  await using provider = await startOpenIdProvider();
  const environment = { JWT_JWKS_URI: await provider.discoverKeySet(), JWT_ISSUER: provider.issuer, JWT_AUDIENCE: 'https://other.example' };
  await using stack = await startTestStack({ tokens: tokenVerifierConfig(parseEnvironment(tokenVariables, environment), 'production') });
  const answer = await stack.ask(await provider.issueToken({}), '{ __typename }');
  expect(answer).toMatchObject({ status: 401, data: null, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
});
