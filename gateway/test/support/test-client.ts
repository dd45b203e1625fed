import { randomBytes } from 'node:crypto';
import { createContextSigner, type TenantContext } from '@tenantry/auth';
import { Registry } from 'prom-client';
import { HopMetrics } from '../../src/transports/hop-metrics.ts';
import { SharedQueries } from '../../src/transports/resilience/shared-queries.ts';
import { createSubgraphClient, type SubgraphCaller, type SubgraphClientOptions } from '../../src/transports/subgraph-client.ts';
import type { SubgraphTransport } from '../../src/transports/subgraph-transport.ts';

/** A client of the subgraph `library`, and what it has counted. */
export function testClient(transport: SubgraphTransport, options: Partial<SubgraphClientOptions> = {}) {
  const registry = new Registry();
  const signer = createContextSigner({ key: randomBytes(32) });
  const metrics = new HopMetrics(registry);
  const client = createSubgraphClient({ name: 'library', transport, signer, metrics, sharedQueries: new SharedQueries(), ...options });
  return { client, metrics, counts: async () => await countsIn(registry) };
}

/** Somebody of a tenant who asks, as one of many requests of theirs. */
export function callerOf(tenantId: string, subject = 'ada', signal: AbortSignal = new AbortController().signal): SubgraphCaller {
  const scopes: readonly string[] = [];
  const principal = { issuer: 'https://issuer.example', subject, tenantId, scopes, email: null, emailVerified: false, expiresAt: null };
  const tenantContext: TenantContext = { principal, tenantId, impersonated: false, origin: '203.0.113.7' };
  return { tenantContext, requestId: 'r-1', signal };
}

/** What was counted, by the last part of the metric's name and its labels other than the subgraph's. */
async function countsIn(registry: Registry): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { name, values } of await registry.getMetricsAsJSON()) {
    for (const value of values) {
      const metricName = 'metricName' in value ? String(value.metricName) : name;
      if (!/_(?:count|total)$/.test(metricName) || value.value === 0) continue;
      const { subgraph: _, ...labels } = value.labels;
      const short = metricName
        .replace('tenantry_gateway_subgraph_', '')
        .replace(/_(?:duration_seconds_count|total)$|duration_seconds_count/, '');
      counts[[short, ...Object.values(labels)].filter(Boolean).join(' ')] = value.value;
    }
  }
  return counts;
}
