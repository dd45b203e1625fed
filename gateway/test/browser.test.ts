import { describe, expect, test } from 'vitest';
import { startTestGateway } from './support/test-gateway.ts';

const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const studio = 'https://studio.apollographql.com';

async function preflight(url: string, origin: string): Promise<Headers> {
  const response = await fetch(url, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' },
  });
  return response.headers;
}

describe('in development', () => {
  test('a browser gets Sandbox, with an operation and a place for a token', async () => {
    const sandbox = { document: 'query First { greet(name: "Sandbox") }', headers: { Authorization: 'Bearer demo' } };
    await using gateway = await startTestGateway({ mode: 'development', sandbox });
    const response = await fetch(gateway.url, { headers: html });
    const page = await response.text();
    expect({ status: response.status, type: response.headers.get('content-type') }).toEqual({ status: 200, type: 'text/html' });
    expect(page).toContain('EmbeddedSandbox');
    expect(page).toContain('query First');
    expect(page).toContain('"Authorization":"Bearer demo"');
    expect(page).toContain('"runTelemetry":false');
  });

  test.each([studio, 'https://sandbox.embed.apollographql.com'])('pages of %s may call', async (origin) => {
    await using gateway = await startTestGateway({ mode: 'development' });
    const headers = await preflight(gateway.url, origin);
    expect(headers.get('access-control-allow-origin')).toBe(origin);
    expect(headers.get('access-control-allow-headers')).toBe('authorization,content-type');
    const answer = await gateway.post({ query: '{ __typename }' }, { headers: { origin } });
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
  });

  test('no other page may', async () => {
    await using gateway = await startTestGateway({ mode: 'development' });
    expect((await preflight(gateway.url, 'https://evil.example')).get('access-control-allow-origin')).toBeNull();
  });
});

describe('in production', () => {
  test('a browser gets no page', async () => {
    await using gateway = await startTestGateway({ mode: 'production' });
    const response = await fetch(gateway.url, { headers: html });
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toContain('json');
  });

  test('no page may call, unless its origin is configured', async () => {
    await using closed = await startTestGateway({ mode: 'production' });
    await using open = await startTestGateway({ mode: 'production', corsOrigins: ['https://app.example.com'] });
    expect((await preflight(closed.url, studio)).get('access-control-allow-origin')).toBeNull();
    expect((await preflight(open.url, studio)).get('access-control-allow-origin')).toBeNull();
    expect((await preflight(open.url, 'https://app.example.com')).get('access-control-allow-origin')).toBe('https://app.example.com');
  });
});
