import { Gauge, type Registry } from 'prom-client';
import type { BreakerUsage } from '../breaker/tenant-breakers.ts';

/** Registers a gauge of the tenants with a circuit that is not closed; `usage` is asked at each scrape. */
export function registerBreakerUsage(registry: Registry, usage: () => BreakerUsage[]): void {
  const gauge = new Gauge({
    name: 'tenantry_pool_breaker_tenants',
    help: 'Tenants with a circuit that is not closed, by failure and state.',
    labelNames: ['failure', 'state'],
    registers: [registry],
    collect: () => {
      for (const { failure, state, tenants } of usage()) gauge.set({ failure, state }, tenants);
    },
  });
}
