import { describe, expect, test } from 'vitest';
import type { SubgraphTransport } from '../src/index.ts';
import { capturingLogger } from './support/capturing-logger.ts';
import { startTestGateway } from './support/test-gateway.ts';

/** Never answers, and tells when it was called and when it was given up on. */
function endless() {
  const called = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  const transport: SubgraphTransport = {
    async execute(_operation, _context, { signal } = {}) {
      called.resolve();
      return await new Promise<never>((_resolve, reject) => {
        signal?.addEventListener('abort', () => {
          aborted.resolve();
          reject(signal.reason);
        });
      });
    },
  };
  return { transport, called: called.promise, aborted: aborted.promise };
}

describe('a client that goes away', () => {
  test('takes the calls to subgraphs with it, and is no fault', async () => {
    const { transport, called, aborted } = endless();
    const { logger, entries } = capturingLogger();
    await using gateway = await startTestGateway({ replace: { library: transport }, logger });
    const client = new AbortController();
    const request = gateway.post({ query: '{ books { title } }' }, { signal: client.signal });
    const gone = expect(request).rejects.toMatchObject({ name: 'AbortError' });
    await called;
    client.abort();
    await gone;
    await aborted;
    await expect.poll(() => entries.some(({ msg }) => msg === 'a part of a request failed')).toBe(true);
    expect(entries.filter(({ level }) => level > 20)).toEqual([]);
  });

  test('ends the work of a subgraph behind HTTP', async () => {
    const { logger, entries } = capturingLogger();
    await using gateway = await startTestGateway({ over: 'http', logger });
    const client = new AbortController();
    const started = performance.now();
    const request = gateway.post({ query: '{ slow(ms: 20000) }' }, { signal: client.signal });
    const gone = expect(request).rejects.toMatchObject({ name: 'AbortError' });
    setTimeout(() => client.abort(), 100);
    await gone;
    await expect.poll(() => entries.some(({ msg }) => msg === 'a part of a request failed')).toBe(true);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('a gateway that stops', () => {
  test('finishes the requests that run, and takes no more', async () => {
    const gateway = await startTestGateway();
    const request = gateway.post({ query: '{ slow(ms: 300) }' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const stopping = gateway[Symbol.asyncDispose]();
    await expect(fetch(`${gateway.origin}/livez`)).rejects.toThrow();
    expect((await request).body).toEqual({ data: { slow: 'done' } });
    await stopping;
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
    await expect(startTestGateway({ port: Number(new URL(first.origin).port) })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect((await first.post({ query: '{ __typename }' })).status).toBe(200);
  });
});
