import { once } from 'node:events';
import { connect } from 'node:net';
import { PortInUseError } from '@tenantry/service';
import { describe, expect, test } from 'vitest';
import type { SubgraphTransport } from '../src/index.ts';
import { capturingLogger } from './support/capturing-logger.ts';
import { startTestGateway } from './support/test-gateway.ts';

const debugLevel = 20;

describe('a client that goes away', () => {
  test('takes the calls to subgraphs with it, and is no fault', async () => {
    const client = new AbortController();
    const aborted = Promise.withResolvers<void>();
    const library: SubgraphTransport = {
      async execute(_operation, _context, { signal } = {}) {
        signal?.addEventListener('abort', () => aborted.resolve());
        client.abort();
        await aborted.promise;
        throw new Error('given up');
      },
    };
    const { logger, entries } = capturingLogger();
    await using gateway = await startTestGateway({ replace: { library }, logger });
    await expect(gateway.post({ query: '{ books { title } }' }, { signal: client.signal })).rejects.toMatchObject({ name: 'AbortError' });
    await aborted.promise;
    await expect.poll(() => entries.map(({ msg }) => msg)).toContain('a part of a request failed');
    expect(entries.filter(({ level }) => level > debugLevel)).toEqual([]);
  });

  test('ends the work of a subgraph behind HTTP', async () => {
    const { logger, entries } = capturingLogger();
    await using gateway = await startTestGateway({ over: 'http', logger });
    const started = performance.now();
    const request = gateway.post({ query: '{ slow(ms: 20000) }' }, { signal: AbortSignal.timeout(200) });
    await expect(request).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect.poll(() => entries.map(({ msg }) => msg)).toContain('a part of a request failed');
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('a gateway that stops', () => {
  test('finishes the requests that run, and takes no more', async () => {
    const gateway = await startTestGateway();
    const request = gateway.post({ query: '{ slow(ms: 300) }' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const stopping = gateway[Symbol.asyncDispose]();
    await expect(fetch(`${gateway.origin}/livez`)).rejects.toThrow('fetch failed');
    expect((await request).body).toEqual({ data: { slow: 'done' } });
    await stopping;
  });

  test('does not wait for connections that ask nothing', async () => {
    const gateway = await startTestGateway();
    const { hostname, port } = new URL(gateway.origin);
    const silent = connect(Number(port), hostname).resume();
    await once(silent, 'connect');
    const stopping = performance.now();
    await gateway[Symbol.asyncDispose]();
    expect(performance.now() - stopping).toBeLessThan(5_000);
    await expect.poll(() => silent.closed).toBe(true);
  });

  test('can be stopped twice, and leaves its port', async () => {
    const gateway = await startTestGateway();
    const { port } = new URL(gateway.origin);
    await gateway[Symbol.asyncDispose]();
    await gateway[Symbol.asyncDispose]();
    await using successor = await startTestGateway({ port: Number(port) });
    expect((await successor.post({ query: '{ __typename }' })).status).toBe(200);
  });

  test('does not start where another listens, and lets go of everything', async () => {
    await using first = await startTestGateway();
    await expect(startTestGateway({ port: Number(new URL(first.origin).port) })).rejects.toThrow(PortInUseError);
    expect((await first.post({ query: '{ __typename }' })).status).toBe(200);
  });
});
