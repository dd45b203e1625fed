import { expect, inject, test } from 'vitest';
import { startSeverableProxy } from './support/severable-proxy.ts';
import { startTestStack } from './support/test-stack.ts';

const redisUrl = inject('redisUrl');
const suspend = 'mutation ($id: ID!) { suspendTenant(id: $id) { tenant { status } } }';
const resume = 'mutation ($id: ID!) { resumeTenant(id: $id) { tenant { status } } }';
const whoAmI = '{ me { email } }';

test.runIf(redisUrl)(
  `without Redis answers stay right, and changes are heard of (${redisUrl ? 'found' : inject('redisMissing')})`,
  async () => {
    await using redis = await startSeverableProxy(redisUrl ?? '');
    await using stack = await startTestStack({ redisUrl: redis.url });
    const acme = await stack.provision('acme');
    const globex = await stack.provision('globex');
    const operator = stack.operatorToken('tenants:write');
    const askAcme = async () => await stack.ask(acme.ownerToken, whoAmI);
    expect((await askAcme()).data.me.email).toBe('owner@acme.example');

    redis.sever();
    expect((await askAcme()).data.me.email).toBe('owner@acme.example');
    expect((await stack.ask(globex.ownerToken, whoAmI)).data.me.email).toBe('owner@globex.example');

    const unannounced = await stack.ask(operator, suspend, { id: acme.tenant.id });
    expect(unannounced.errors?.[0]).toMatchObject({
      message: expect.stringContaining('was changed, but not every process could be told'),
      extensions: { code: 'TENANT_UNAVAILABLE', retryAfterMs: 1000 },
    });
    expect((await askAcme()).errors?.[0]?.extensions.code).toBe('TENANT_SUSPENDED');

    redis.mend();
    await expect.poll(async () => (await stack.ask(operator, suspend, { id: acme.tenant.id })).errors, { timeout: 15_000 }).toBeUndefined();
    expect((await askAcme()).errors?.[0]?.extensions.code).toBe('TENANT_SUSPENDED');
    expect((await stack.ask(operator, resume, { id: acme.tenant.id })).data.resumeTenant.tenant.status).toBe('ACTIVE');
    expect((await askAcme()).data.me.email).toBe('owner@acme.example');
  },
);
