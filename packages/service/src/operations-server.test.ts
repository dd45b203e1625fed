import { Counter, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { PortInUseError } from './errors.ts';
import { startOperationsServer } from './operations-server.ts';

it('serves the metrics as they are now, and nothing once it is stopped', async () => {
  const metrics = new Registry();
  const counter = new Counter({ name: 'leases_total', help: 'Leases given.', registers: [metrics] });
  const server = await startOperationsServer({ port: 0, host: '127.0.0.1', metrics });
  counter.inc(3);
  const response = await fetch(`${server.url}/metrics`);
  expect(response.headers.get('content-type')).toBe(metrics.contentType);
  expect(await response.text()).toContain('leases_total 3');
  expect((await fetch(`${server.url}/`)).status).toBe(404);
  await server[Symbol.asyncDispose]();
  await expect(fetch(`${server.url}/metrics`)).rejects.toThrow('fetch failed');
});

it('names the variable that chooses another port, where its own is in use', async () => {
  await using server = await startOperationsServer({ port: 0, host: '127.0.0.1', metrics: new Registry() });
  const port = Number(new URL(server.url).port);
  const attempt = startOperationsServer({ port, host: '127.0.0.1', metrics: new Registry() });
  await expect(attempt).rejects.toThrow(PortInUseError);
  await expect(attempt).rejects.toThrow(`Port ${port} is in use by another program: stop that, or choose another port by METRICS_PORT.`);
});
