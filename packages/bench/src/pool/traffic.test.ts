import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Contender } from './contenders/contender.ts';
import { runTraffic } from './traffic.ts';

test('traffic that fails has no throughput and no latency', async () => {
  const failing: Contender = {
    use: async () => {
      await nextTurn();
      throw new Error('down');
    },
    [Symbol.asyncDispose]: async () => {},
  };
  const tenants = [{ tenantId: 'gone', url: '' }];
  const result = await runTraffic({ contender: failing, tenants, inFlight: 4, durationMs: 50, seed: 1 });
  expect(result).toMatchObject({ perSecond: 0, tenants: 0, p50: null, p99: null, max: null });
  expect(result.requests).toBeGreaterThan(0);
  expect(result.errors).toEqual({ 'Error: down': result.requests });
});
