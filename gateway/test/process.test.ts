import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { freePort } from '@tenantry/backing-services';
import { silentLogger } from '@tenantry/service';
import { expect, test } from 'vitest';
import type { GatewayEnvironment } from '../src/config.ts';
import { startGatewayProcess } from '../src/gateway-process.ts';

import { post, secret, tokenFor, tokens } from './support/test-gateway.ts';
import { serveTestSubgraph } from './support/test-subgraph-handler.ts';
import { testSubgraphs } from './support/test-subgraphs.ts';

test('a process serves subgraphs over HTTP, and its metrics on a port of their own', async () => {
  await using cleanup = new AsyncDisposableStack();
  const signingKey = randomBytes(32);
  const subgraphs = await Promise.all(
    testSubgraphs.map(async (subgraph) => {
      const { url } = cleanup.use(await serveTestSubgraph(subgraph, signingKey));
      return { name: subgraph.name, schemaPath: subgraph.schemaPath, url };
    }),
  );
  const config: GatewayEnvironment = {
    mode: 'production',
    host: '127.0.0.1',
    port: 0,
    metricsPort: await freePort(),
    logLevel: 'silent',
    tokens: { issuers: [{ kind: 'secret', issuer: tokens.issuer, secret }], audience: tokens.audience, tenantClaim: 'tenant_id' },
    signingKey,
    subgraphs,
  };
  const gateway = cleanup.use(await startGatewayProcess(config, silentLogger));
  const { body } = await post(`${gateway.url}/graphql`, { query: '{ me { name books { title } } }' }, { token: tokenFor('ada') });
  expect(body).toEqual({ data: { me: { name: 'Name of ada', books: [{ title: 'Book of ada' }] } } });

  const metrics = await (await fetch(`http://127.0.0.1:${config.metricsPort}/metrics`)).text();
  expect(metrics).toContain('tenantry_gateway_request_duration_seconds_count{operation="query",outcome="ok"} 1');
  expect(metrics).toContain('process_cpu_seconds_total');
  expect((await fetch(`${gateway.url}/metrics`)).status).toBe(404);
});

test('a process that is not configured names every variable it needs, and listens nowhere', () => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const { stderr, status } = spawnSync(process.execPath, [main], { encoding: 'utf8', env: { PATH: process.env['PATH'] } });
  expect(status).toBe(78);
  for (const name of ['SUBGRAPH_SIGNING_KEY', 'SUBGRAPH_USERS_URL', 'SUBGRAPH_TENANTS_URL', 'JWT_JWKS_URI', 'JWT_ISSUER', 'JWT_AUDIENCE']) {
    expect(stderr).toContain(`${name} is missing`);
  }
});
