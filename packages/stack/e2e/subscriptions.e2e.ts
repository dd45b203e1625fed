import { randomUUID } from 'node:crypto';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWebSocketClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestStack, type TestStack, type TestTenant } from './support/test-stack.ts';

type Data = Record<string, unknown>;

interface Result {
  data?: Data | null | undefined;
  errors?: readonly { message: string; extensions?: Record<string, unknown> | undefined }[] | undefined;
}

/** The results of a subscription until it is complete, or the iterator is returned. */
type Subscribe = (url: string, token: string, query: string) => AsyncIterableIterator<Result>;

const overEventStream: Subscribe = (url, token, query) => {
  const client = createSseClient({ url, headers: { authorization: `Bearer ${token}` }, retryAttempts: 0 });
  return client.iterate<Data>({ query });
};

const overWebSocket: Subscribe = (url, token, query) => {
  const connectionParams = { authorization: `Bearer ${token}` };
  const client = createWebSocketClient({ url: url.replace(/^http/, 'ws'), connectionParams, retryAttempts: 0 });
  return client.iterate<Data>({ query });
};

describe.each([
  ['in one process', {}],
  ['over HTTP', { transport: 'http' as const }],
])('%s', (_, options) => {
  let stack: TestStack;
  let acme: TestTenant;
  let globex: TestTenant;

  beforeAll(async () => {
    stack = await startTestStack(options);
    [acme, globex] = await Promise.all([stack.provision('acme'), stack.provision('globex')]);
  });
  afterAll(async () => await stack[Symbol.asyncDispose]());

  async function rename({ ownerToken, ownerId }: TestTenant, name: string): Promise<void> {
    const mutation =
      'mutation ($id: ID!, $name: String!) { updateUser(input: { id: $id, name: $name }) { user { id } userErrors { code } } }';
    const { errors } = await stack.ask(ownerToken, mutation, { id: ownerId, name });
    expect(errors).toBeUndefined();
  }

  /** Renames until the subscriber hears of it: nobody can tell from outside when a subscription has begun. */
  async function nextAfterRenaming(results: AsyncIterator<Result>, tenant: TestTenant, name: string): Promise<Result> {
    const next = results.next();
    let isThere = false;
    void next.finally(() => (isThere = true));
    await expect
      .poll(async () => (await rename(tenant, `${name} ${randomUUID()}`), isThere), { timeout: 10_000, interval: 300 })
      .toBe(true);
    const { value, done } = await next;
    if (done) throw new Error('The subscription has ended.');
    return value;
  }

  describe.each([
    ['an event stream', overEventStream],
    ['a WebSocket', overWebSocket],
  ])('over %s', (_name, subscribe) => {
    test('a change in a tenant reaches its subscribers, completed by the other subgraph, and nobody else’s', async () => {
      const query = 'subscription { userChanged { kind user { id name tenant { slug } } } }';
      const mine = subscribe(stack.url, acme.ownerToken, query);
      const theirs = subscribe(stack.url, globex.ownerToken, query);
      const ours = await nextAfterRenaming(mine, acme, 'Ada');
      expect(ours).toEqual({
        data: {
          userChanged: { kind: 'CHANGED', user: { id: acme.ownerId, name: expect.stringMatching(/^Ada /), tenant: { slug: 'acme' } } },
        },
      });
      const other = await nextAfterRenaming(theirs, globex, 'Gus');
      expect(other.data).toMatchObject({ userChanged: { user: { id: globex.ownerId, tenant: { slug: 'globex' } } } });
      await Promise.all([mine.return?.(), theirs.return?.()]);
    });

    test('it ends, and says why, when the tenant is suspended', async () => {
      const initech = await stack.provision(`initech-${randomUUID().slice(0, 8)}`);
      const results = subscribe(stack.url, initech.ownerToken, 'subscription { userChanged { kind } }');
      await nextAfterRenaming(results, initech, 'Bill');
      const operator = stack.operatorToken('tenants:read', 'tenants:write');
      const suspend = 'mutation ($id: ID!) { suspendTenant(id: $id) { tenant { status } } }';
      expect((await stack.ask(operator, suspend, { id: initech.tenant.id })).errors).toBeUndefined();
      const rest: Result[] = [];
      for await (const result of results) rest.push(result);
      expect(rest.at(-1)?.errors?.[0]?.extensions?.['code']).toBe('TENANT_SUSPENDED');
    });

    test('it ends when the token expires', async () => {
      const token = stack.signToken({ subject: 'owner-acme', tenantId: acme.tenant.id, expiresInSeconds: 3 });
      const results = subscribe(stack.url, token, 'subscription { userChanged { kind } }');
      const ended = (async () => {
        for await (const { errors } of results) if (errors) return errors[0]?.extensions?.['code'];
        return 'complete';
      })();
      await expect(ended.catch((event: { code?: number }) => event.code)).resolves.toEqual(expect.toBeOneOf(['UNAUTHENTICATED', 4403]));
    });

    test('nobody subscribes to what they may not see', async () => {
      const query = `subscription { provisioningRunChanged(id: "${randomUUID()}") { id } }`;
      const { value } = await subscribe(stack.url, acme.ownerToken, query)
        .next()
        .catch((errors: unknown) => ({ value: { errors } }));
      expect(value.errors[0].extensions.code).toBe('FORBIDDEN');
    });

    test('an operator follows a provisioning to its end', async () => {
      const operator = stack.operatorToken('tenants:read', 'tenants:write');
      const provision =
        'mutation ($input: ProvisionTenantInput!) { provisionTenant(input: $input) { tenant { runs { id } } userErrors { code message } } }';
      const slug = `hooli-${randomUUID().slice(0, 8)}`;
      const { data, errors } = await stack.ask(operator, provision, { input: { slug, name: 'Hooli' } });
      expect(errors).toBeUndefined();
      const query = `subscription { provisioningRunChanged(id: "${data.provisionTenant.tenant.runs[0].id}") { kind state } }`;
      const states: unknown[] = [];
      for await (const result of subscribe(stack.url, operator, query)) states.push(result.data?.['provisioningRunChanged']);
      expect(states.at(-1)).toEqual({ kind: 'PROVISION', state: 'DONE' });
    });
  });
});
