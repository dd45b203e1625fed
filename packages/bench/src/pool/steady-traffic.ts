import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender } from './contenders/contender.ts';
import type { Tenant } from './tenant.ts';
import { errorName } from './traffic.ts';
import { listUsers } from './workload.ts';

export interface SteadyTrafficOptions {
  contender: Contender;
  /** Asked in turn. */
  tenants: readonly Tenant[];
  requestsPerSecond: number;
  durationMs: number;
  /** Milliseconds that the last requests get to end. */
  graceMs: number;
}

export interface SteadyTraffic {
  /** Milliseconds from when a request was due to its end, of those that were answered. */
  latencies: number[];
  /** Milliseconds until a request failed. */
  failedAfter: number[];
  errors: Record<string, number>;
  /** Requests that had no end when the traffic was over, and `graceMs` later. */
  stuck: number;
}

/** A request at each of its times, however long others take: a server that stalls is seen by all who would have come meanwhile. */
export async function steadyTraffic(options: SteadyTrafficOptions): Promise<SteadyTraffic> {
  const { contender, tenants, requestsPerSecond, durationMs, graceMs } = options;
  const traffic: SteadyTraffic = { latencies: [], failedAfter: [], errors: {}, stuck: 0 };
  const total = Math.floor((durationMs * requestsPerSecond) / 1000);
  const start = performance.now();

  const request = async (index: number, due: number) => {
    traffic.stuck += 1;
    try {
      await contender.use(tenants[index % tenants.length]?.tenantId ?? '', listUsers);
      traffic.latencies.push(performance.now() - due);
    } catch (error) {
      const name = errorName(error);
      traffic.errors[name] = (traffic.errors[name] ?? 0) + 1;
      traffic.failedAfter.push(performance.now() - due);
    }
    traffic.stuck -= 1;
  };
  for (let sent = 0; sent < total;) {
    const due = start + (sent * 1000) / requestsPerSecond;
    if (due > performance.now()) await sleep(1);
    else void request(sent++, due);
  }
  const end = performance.now();
  while (traffic.stuck > 0 && performance.now() - end < graceMs) await sleep(10);
  return { ...traffic, errors: { ...traffic.errors } };
}
