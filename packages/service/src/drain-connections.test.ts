import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import Fastify, { type FastifyInstance } from 'fastify';
import { expect, it } from 'vitest';
import { drainConnections } from './drain-connections.ts';
import { listen } from './listen.ts';

async function startServer(): Promise<{ server: FastifyInstance; url: string }> {
  const server = Fastify();
  drainConnections(server);
  server.get('/slow', async () => {
    await sleep(500);
    return 'done';
  });
  return { server, url: await listen(server, { host: '127.0.0.1', port: 0 }) };
}

async function connectTo(url: string): Promise<Disposable & { socket: Socket }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).resume();
  await once(socket, 'connect');
  return { socket, [Symbol.dispose]: () => socket.destroy() };
}

it('a server that closes does not wait for connections that ask nothing', async () => {
  const { server, url } = await startServer();
  using silent = await connectTo(url);
  const closing = performance.now();
  await server.close();
  expect(performance.now() - closing).toBeLessThan(5_000);
  await expect.poll(() => silent.socket.closed).toBe(true);
});

it('a server that closes ends what it has begun', async () => {
  const { server, url } = await startServer();
  using silent = await connectTo(url);
  const answer = fetch(`${url}/slow`).then(async (response) => await response.text());
  await sleep(200);
  const closing = performance.now();
  await server.close();
  expect(await answer).toBe('done');
  expect(performance.now() - closing).toBeLessThan(5_000);
  await expect.poll(() => silent.socket.closed).toBe(true);
});
