import { channel } from 'node:diagnostics_channel';
import { createClient } from 'graphql-sse';
import { expect, test } from 'vitest';
import { startTestStack } from './support/test-stack.ts';

const created = channel('http2.server.stream.created');

/** Counts the requests that servers of this process take over HTTP/2, until disposed of. */
function countHttp2Requests(): Disposable & { readonly count: number } {
  let count = 0;
  const onStream = () => void count++;
  created.subscribe(onStream);
  return {
    get count() {
      return count;
    },
    [Symbol.dispose]: () => {
      created.unsubscribe(onStream);
    },
  };
}

test('the gateway and its subgraphs speak HTTP/2 with each other, from the first query to the stop', async () => {
  using requests = countHttp2Requests();
  const stack = await startTestStack({ transport: 'http2' });
  await using cleanup = new AsyncDisposableStack();
  cleanup.use(stack);
  expect((await fetch(new URL('/readyz', stack.url))).status).toBe(200);
  const acme = await stack.provision('acme');

  const before = requests.count;
  const query = '{ me { id name tenant { slug } } users(first: 5) { nodes { id teams { name } } } }';
  const answers = await Promise.all(Array.from({ length: 20 }, async () => await stack.ask(acme.ownerToken, query)));
  for (const { data, errors } of answers) {
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({ me: { id: acme.ownerId, tenant: { slug: 'acme' } }, users: { nodes: [{ id: acme.ownerId }] } });
  }
  expect(requests.count).toBeGreaterThanOrEqual(before + 2);
  expect(await stack.ask(null, query)).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });

  const client = createClient({ url: stack.url, headers: { authorization: `Bearer ${acme.ownerToken}` }, retryAttempts: 0 });
  const changes = client.iterate({ query: 'subscription { userChanged { user { name } } }' });
  const rename = async () => {
    const mutation = 'mutation ($id: ID!) { updateUser(input: { id: $id, name: "Ada" }) { user { name } userErrors { code } } }';
    const { data, errors } = await stack.ask(acme.ownerToken, mutation, { id: acme.ownerId });
    expect({ data, errors }).toEqual({ data: { updateUser: { user: { name: 'Ada' }, userErrors: [] } }, errors: undefined });
  };
  const first = changes.next();
  let isThere = false;
  void first.finally(() => (isThere = true));
  await expect.poll(async () => (await rename(), isThere), { timeout: 10_000, interval: 300 }).toBe(true);
  expect((await first).value).toEqual({ data: { userChanged: { user: { name: 'Ada' } } } });

  const rest = (async () => {
    for await (const _change of changes);
  })();
  await Promise.all([cleanup.disposeAsync(), expect(rest).rejects.toBeDefined()]);
});
