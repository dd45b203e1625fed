import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { expect, inject, test } from 'vitest';
import { subscribeTo } from './subscribe-to.ts';

const redisUrl = inject('redisUrl');

/** The tests' Redis, reached otherwise. */
function urlWith(change: Partial<URL>): string {
  return Object.assign(new URL(redisUrl ?? ''), change).href;
}

/** A way to Redis on which the first SUBSCRIBE is lost, and the connection is not. */
async function openForgetfulWay(): Promise<Disposable & { url: string }> {
  const { hostname, port } = new URL(redisUrl ?? '');
  let hasForgotten = false;
  const server: Server = createServer((client) => {
    const redis = connect(Number(port), hostname);
    client.on('data', (chunk: Buffer) => {
      const isForgotten = !hasForgotten && /subscribe/i.test(chunk.toString());
      if (isForgotten) hasForgotten = true;
      else redis.write(chunk);
    });
    redis.pipe(client);
    client.on('error', () => {}).on('close', () => redis.destroy());
    redis.on('error', () => {}).on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return { url: urlWith({ host: `127.0.0.1:${address.port}` }), [Symbol.dispose]: () => void server.close() };
}

test.skipIf(redisUrl === null)('a subscription that is not answered is made anew', async () => {
  using way = await openForgetfulWay();
  const [near, far] = [new Redis(way.url), new Redis(redisUrl ?? '')];
  const messages: (string | null)[] = [];
  const failures: unknown[] = [];
  const subscriber = subscribeTo({
    redis: near,
    channel: 'forgotten',
    onMessage: (message) => messages.push(message),
    onFailure: (error) => failures.push(error),
  });
  await expect.poll(() => messages, { timeout: 10_000 }).toEqual([null]);
  await far.publish('forgotten', 'a change');
  await expect.poll(() => messages).toEqual([null, 'a change']);
  expect(failures).toHaveLength(1);
  // Longer than to the next look whether the connection still answers: nothing may have been missed for that.
  await sleep(3500);
  expect(messages).toEqual([null, 'a change']);
  for (const client of [subscriber, near, far]) client.disconnect();
});

test.skipIf(redisUrl === null)('a subscription that Redis refuses is reported, and asked for again over the same connection', async () => {
  const redis = new Redis(redisUrl ?? '');
  const [username, password] = ['deaf', 'secret'];
  await redis.acl('SETUSER', username, 'on', `>${password}`, '~*', '&*', '+@all', '-subscribe');
  const refused = new Redis(urlWith({ username, password }));
  const failures: string[] = [];
  let connections = 0;
  const { promise: subscribed, resolve } = Promise.withResolvers<void>();
  const subscriber = subscribeTo({
    redis: refused,
    channel: 'forbidden',
    onMessage: () => resolve(),
    onFailure: (error) => failures.push(String(error)),
  }).on('ready', () => (connections += 1));
  await expect.poll(() => failures, { timeout: 5000 }).toEqual([expect.stringMatching(/NOPERM/)]);
  await redis.acl('SETUSER', username, '+subscribe');
  await subscribed;
  expect(connections).toBe(1);
  for (const client of [subscriber, refused]) client.disconnect();
  await redis.acl('DELUSER', username);
  redis.disconnect();
});
