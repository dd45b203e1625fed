import { randomBytes } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { GatewayEnvironment } from '../src/config.ts';
import { startGatewayProcess } from '../src/gateway-process.ts';
import { capturingLogger, type CapturingLogger } from './support/capturing-logger.ts';
import { supergraphVersion } from './support/supergraph-versions.ts';
import { post, secret, tokenFor, tokens } from './support/test-gateway.ts';
import { serveTestSubgraph } from './support/test-subgraph-handler.ts';
import { testSubgraphs } from './support/test-subgraphs.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hot-reload-'));
  path = join(directory, 'supergraph.graphql');
});
afterEach(async () => await rm(directory, { recursive: true }));

async function publish(composedSdl: string): Promise<void> {
  await writeFile(`${path}.next`, composedSdl);
  await rename(`${path}.next`, path);
}

const signingKey = randomBytes(32);

function configOf(subgraphUrls: ReadonlyMap<string, string>): GatewayEnvironment {
  return {
    mode: 'development',
    host: '127.0.0.1',
    port: 0,
    metricsPort: 0,
    logLevel: 'silent',
    signingKey,
    tokens: { issuers: [{ kind: 'secret', issuer: tokens.issuer, secret }], audience: tokens.audience, tenantClaim: 'tenant_id' },
    subgraphs: [],
    supergraph: { kind: 'file', path, pollMs: 10 },
    subgraphUrls,
  };
}

/** Waits until it is logged so many times. */
async function logged({ entries }: CapturingLogger, message: string, times: number): Promise<void> {
  await expect.poll(() => entries.filter(({ msg }) => msg === message).length, { timeout: 20_000, interval: 10 }).toBe(times);
}

test('no request fails while supergraphs are exchanged and a subgraph moves to and fro', async () => {
  await using cleanup = new AsyncDisposableStack();
  const serve = async (name: string) => {
    const subgraph = testSubgraphs.find((candidate) => candidate.name === name)!;
    return cleanup.use(await serveTestSubgraph(subgraph, signingKey)).url;
  };
  const library = await serve('library');
  const people = [await serve('people'), await serve('people')] as const;
  const version = (number: number) => supergraphVersion({ version: number, urls: { people: people[number % 2 === 0 ? 0 : 1] } });
  await publish(version(0));
  const log = capturingLogger();
  const gateway = cleanup.use(await startGatewayProcess(configOf(new Map([['SUBGRAPH_LIBRARY_URL', library]])), log.logger));
  const url = `${gateway.url}/graphql`;
  const token = tokenFor('ada');
  const ask = async (query: string) => (await post(url, { query }, { token })).body;

  const over = new AbortController();
  let answered = 0;
  const client = async (id: number): Promise<void> => {
    while (!over.signal.aborted) {
      // Some operations are known to the gateway, others are always met for the first time.
      const alias = id === 0 ? `a${answered}` : 'a';
      expect(await ask(`{ ${alias}: me { name books { title } } }`)).toEqual({
        data: { [alias]: { name: 'Name of ada', books: [{ title: 'Book of ada' }] } },
      });
      answered++;
    }
  };
  const clients = Promise.all([0, 1, 2].map(client));
  const last = 3;
  for (let number = 1; number <= last; number++) {
    await publish(version(number));
    await logged(log, 'another supergraph is served', number);
  }
  await logged(log, 'a supergraph is no longer served', last);
  over.abort();
  await clients;

  expect(answered).toBeGreaterThan(last);
  expect(log.entries.filter(({ level }) => level >= 40)).toEqual([]);
  const { data } = await ask('{ __schema { queryType { fields { name } } } }');
  expect(JSON.stringify(data)).toContain(`version${last}`);
  expect(JSON.stringify(data)).not.toContain(`version${last - 1}`);
  expect(await ask(`{ version${last - 1} }`)).toMatchObject({ errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] });
});

test('a supergraph that cannot be served changes nothing, and is ready to be mended', async () => {
  await using cleanup = new AsyncDisposableStack();
  const urls = new Map<string, string>();
  for (const subgraph of testSubgraphs) {
    const { url } = cleanup.use(await serveTestSubgraph(subgraph, signingKey));
    urls.set(`SUBGRAPH_${subgraph.name.toUpperCase()}_URL`, url);
  }
  await publish(supergraphVersion());
  const log = capturingLogger();
  const gateway = cleanup.use(await startGatewayProcess(configOf(urls), log.logger));
  await publish('type Query { nothing: Int }');
  await logged(log, 'a supergraph cannot be served; the one before it stays', 1);
  const { body } = await post(`${gateway.url}/graphql`, { query: '{ greet(name: "Ada") }' });
  expect(body).toEqual({ data: { greet: 'Hello, Ada!' } });
  expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);

  const elsewhere = 'http://127.0.0.1:1/graphql';
  await publish(supergraphVersion({ version: 1, urls: { versions: elsewhere } }));
  await logged(log, 'another supergraph is served', 1);
  await expect
    .poll(async () => await (await fetch(`${gateway.url}/readyz`)).json(), { timeout: 5000 })
    .toMatchObject({ unready: ['versions'] });
});
