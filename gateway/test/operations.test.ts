import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { createHttpTransport } from '../src/index.ts';
import { capturingLogger } from './support/capturing-logger.ts';
import { startTestGateway, tokenFor } from './support/test-gateway.ts';

describe('health', () => {
  test('is good while every subgraph answers', async () => {
    await using gateway = await startTestGateway({ over: 'http' });
    for (const path of ['/livez', '/readyz']) {
      const response = await fetch(gateway.origin + path);
      expect({ status: response.status, body: await response.json() }).toEqual({ status: 200, body: { status: 'ok' } });
    }
  });

  test('names the subgraph that does not; the process itself lives', async () => {
    await using library = createHttpTransport({ url: 'http://127.0.0.1:1' });
    const { logger, entries } = capturingLogger();
    await using gateway = await startTestGateway({ over: 'http', replace: { library }, logger });
    const response = await fetch(`${gateway.origin}/readyz`);
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 503,
      body: { status: 'unavailable', unready: ['library'] },
    });
    expect(entries.find(({ level }) => level === 40)).toMatchObject({ subgraph: 'library', err: { code: 'ECONNREFUSED' } });
    expect((await fetch(`${gateway.origin}/livez`)).status).toBe(200);
  });

  test('is asked of subgraphs once a second at most', async () => {
    let asked = 0;
    const library = { execute: async () => ({ data: {} }), checkReadiness: async () => void asked++ };
    await using gateway = await startTestGateway({ replace: { library } });
    await Promise.all(Array.from({ length: 20 }, async () => await fetch(`${gateway.origin}/readyz`)));
    expect(asked).toBe(1);
    await expect.poll(async () => (await fetch(`${gateway.origin}/readyz`), asked), { timeout: 5000, interval: 200 }).toBe(2);
  });
});

test('every request is measured, by kind of operation and outcome', async () => {
  const metrics = new Registry();
  await using gateway = await startTestGateway({ metrics });
  const token = tokenFor('ada');
  await gateway.post({ query: '{ greet(name: "x") }' });
  await gateway.post({ query: 'mutation { rename(id: "ada", name: "x") { id } }' }, { token });
  await gateway.post({ query: '{ me { id } }' });
  await gateway.post({ query: '{ nothing }' });
  await gateway.post({ query: '{ greet(name: "x") fail(code: "NOT_FOUND") }' });
  await gateway.post({ query: '{ greet(name: "x") fail }' });
  await gateway.post({ query: '{ __typename }' }, { token: 'bad' });
  await gateway.post({});
  const counts = async () => {
    const { values } = await metrics.getSingleMetric('tenantry_gateway_request_duration_seconds')!.get();
    const totals = values.filter((value) => 'metricName' in value && String(value.metricName).endsWith('_count'));
    return Object.fromEntries(totals.map(({ labels, value }) => [`${labels['operation']} ${labels['outcome']}`, value]));
  };
  // The last answer may be out before it is counted.
  await expect.poll(counts).toEqual({
    'query ok': 1,
    'mutation ok': 1,
    'query refused': 1,
    'none refused': 1,
    'query partial': 1,
    'query failed': 1,
    'none invalid': 2,
  });
});
