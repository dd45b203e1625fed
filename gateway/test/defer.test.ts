import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { SubgraphTransport } from '../src/index.ts';
import { startTestGateway, tokenFor } from './support/test-gateway.ts';

const accept = 'multipart/mixed;deferSpec=20220824, application/json';

describe.for(['in-process', 'http'] as const)('@defer, %s', (over) => {
  test('what is deferred comes in parts of its own, nested ones after those around them', async () => {
    await using gateway = await startTestGateway({ over });
    const query = `{
      people { name ... on Person @defer(label: "books") { books { title owner { id ... @defer(label: "owner") { name } } } } }
    }`;
    const parts = await readParts(gateway.url, { query }, accept);
    expect(parts[0]).toEqual({
      data: { people: [{ name: 'Name of ada' }, { name: 'Name of grace' }, { name: 'Name of alan' }] },
      hasNext: true,
    });
    const later = parts.slice(1).flatMap(({ incremental = [] }) => incremental);
    expect(later.filter(({ label }) => label === 'books').map(({ path }) => path)).toEqual([
      ['people', 0],
      ['people', 1],
      ['people', 2],
    ]);
    expect(later.find(({ path }) => path.join('.') === 'people.1')?.data).toEqual({
      books: [{ title: 'Book of grace', owner: { id: 'grace' } }],
    });
    expect(later.find(({ path }) => path.join('.') === 'people.1.books.0.owner')).toEqual({
      path: ['people', 1, 'books', 0, 'owner'],
      label: 'owner',
      data: { name: 'Name of grace' },
    });
    expect(later.map(({ label }) => label)).toEqual(['books', 'books', 'books', 'owner', 'owner', 'owner']);
    expect(parts.map(({ hasNext }) => hasNext)).toEqual([...parts.slice(1).map(() => true), false]);
  });

  test('an error comes with the part that it is in', async () => {
    await using gateway = await startTestGateway({ over });
    const parts = await readParts(gateway.url, { query: '{ people { id ... @defer { overdue } } }' }, accept);
    const later = parts.slice(1).flatMap(({ incremental = [] }) => incremental);
    expect(parts[0]?.errors).toBeUndefined();
    expect(later.map(({ data, errors }) => ({ data, errors }))).toEqual([
      { data: { overdue: 3 }, errors: undefined },
      {
        data: { overdue: null },
        errors: [expect.objectContaining({ path: ['people', 1, 'overdue'], extensions: { code: 'TENANT_BUSY', retryAfterMs: 250 } })],
      },
      { data: { overdue: 4 }, errors: undefined },
    ]);
  });

  test('an operation that was answered before comes in parts again, to whoever takes parts', async () => {
    await using gateway = await startTestGateway({ over });
    const query = '{ people { id ... @defer { books { title } } } }';
    const first = await readParts(gateway.url, { query }, accept);
    for (const acceptHeader of ['application/json', accept]) {
      await gateway.post({ query }, { token: tokenFor('ada'), headers: { accept: acceptHeader } }).catch(() => null);
    }
    expect(await readParts(gateway.url, { query }, accept)).toEqual(first);
    const { headers, body } = await gateway.post({ query: '{ greet(name: "you") }' }, { headers: { accept } });
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(body).toEqual({ data: { greet: 'Hello, you!' } });
  });

  test('nothing comes of an object that the deferred fragment does not apply to', async () => {
    await using gateway = await startTestGateway({ over });
    const parts = await readParts(gateway.url, { query: '{ titled { title ... on Note @defer { id } } }' }, accept);
    expect(parts.flatMap(({ incremental = [] }) => incremental)).toEqual([{ path: ['titled', 0], data: { id: 'note-1' } }]);
  });

  test('an operation that cannot be planned is refused as it would be without parts', async () => {
    await using gateway = await startTestGateway({ over, planningTimeoutMs: 1 });
    const query = '{ people { id ... @defer { books { title } } } }';
    const [parted, whole] = await Promise.all(
      [accept, 'application/json'].map(async (acceptHeader) => {
        const { status, body } = await gateway.post({ query }, { token: tokenFor('ada'), headers: { accept: acceptHeader } });
        return { status, body };
      }),
    );
    expect(parted).toEqual(whole);
    expect(parted?.body.errors).toMatchObject([{ extensions: { code: 'OPERATION_TOO_COMPLEX' } }]);
  });

  test.each([
    ['a client that likes something else better', '{ people { id ... @defer { books { title } } } }', {}, accept.replace(',', ';q=0,')],
    ['a client that does not take parts', '{ people { id ... @defer { books { title } } } }', {}, 'application/json'],
    ['a variable that says so', 'query ($d: Boolean!) { people { id ... @defer(if: $d) { books { title } } } }', { d: false }, accept],
  ])('all comes at once for %s', async (_, query, variables, acceptHeader) => {
    await using gateway = await startTestGateway({ over });
    const { body, headers } = await gateway.post({ query, variables }, { token: tokenFor('ada'), headers: { accept: acceptHeader } });
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(body).toMatchObject({ data: { people: [{ id: 'ada', books: [{ title: 'Book of ada' }] }, {}, {}] } });
  });
});

test('a client that goes away before the first part holds nothing', async () => {
  const metrics = new Registry();
  const client = new AbortController();
  const hasGone = Promise.withResolvers<void>();
  const people: SubgraphTransport = {
    async execute(_operation, _context, { signal } = {}) {
      signal?.addEventListener('abort', () => hasGone.resolve());
      client.abort();
      await hasGone.promise;
      throw new Error('given up');
    },
  };
  await using gateway = await startTestGateway({ metrics, replace: { people } });
  const query = '{ people { id ... @defer { books { title } } } }';
  const request = gateway.post({ query }, { token: tokenFor('ada'), headers: { accept }, signal: client.signal });
  await expect(request).rejects.toMatchObject({ name: 'AbortError' });
  await hasGone.promise;
  const inFlight = async () => await metrics.getSingleMetricAsString('tenantry_gateway_requests_in_flight');
  await expect.poll(inFlight).toContain('{generation="current"} 0');
});

const resultSchema = z.object({
  path: z.array(z.union([z.string(), z.number()])),
  label: z.string().optional(),
  data: z.unknown(),
  errors: z.array(z.unknown()).optional(),
});

const partSchema = z.object({
  data: z.unknown().optional(),
  errors: z.array(z.unknown()).optional(),
  incremental: z.array(resultSchema).optional(),
  hasNext: z.boolean(),
});

async function readParts(url: string, body: object, acceptHeader: string): Promise<z.output<typeof partSchema>[]> {
  const headers = { 'content-type': 'application/json', accept: acceptHeader, authorization: `Bearer ${tokenFor('ada')}` };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  expect(response.headers.get('content-type')).toMatch(/^multipart\/mixed; boundary="-"; ?deferSpec=20220824/);
  const text = await response.text();
  return text.split(/\r\n---(?:--)?(?:\r\n)?/).flatMap((part) => {
    const json = part.split('\r\n\r\n')[1];
    return json ? [partSchema.parse(JSON.parse(json))] : [];
  });
}
