import { TalliedHistogram } from '@tenantry/service';
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { recordOf } from './request-record.ts';

const millisecondsPerSecond = 1000;

/** Measures every request to `server`; the labels have 20 values in all. */
export function measureRequests(server: FastifyInstance, metrics: Registry): void {
  const duration = new TalliedHistogram({
    name: 'tenantry_gateway_request_duration_seconds',
    help: 'Seconds from a GraphQL request to the end of its answer.',
    labelNames: ['operation', 'outcome'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [metrics],
  });
  server.addHook('onResponse', (request, reply, proceed) => {
    // A browser's preflight asks for nothing yet.
    if (request.method !== 'OPTIONS') duration.tally(recordOf(request), reply.elapsedTime / millisecondsPerSecond);
    proceed();
  });
}
