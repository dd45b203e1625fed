import { once } from 'node:events';
import { connect } from 'node:net';
import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { listen } from './listen.ts';
import { requestDeadline } from './request-deadline.ts';

it('a body that comes byte by byte is cut once the deadline is over', async () => {
  await using server = Fastify(requestDeadline(300));
  server.post('/', () => 'whole');
  const { hostname, port } = new URL(await listen(server, { host: '127.0.0.1', port: 0 }));
  const started = performance.now();
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write('POST / HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"');
  const received: string[] = [];
  const { promise: closed, resolve: onClose } = Promise.withResolvers<void>();
  socket.setEncoding('utf8').on('data', (text: string) => received.push(text));
  // What is cut while bytes are on their way ends by a reset.
  socket.on('error', () => {}).once('close', () => onClose());
  const dripping = setInterval(() => socket.write('x'), 50);
  try {
    await closed;
    expect(received.join('')).toContain('408 Request Timeout');
  } finally {
    clearInterval(dripping);
    socket.destroy();
  }
  expect(performance.now() - started).toBeLessThan(5_000);
});
