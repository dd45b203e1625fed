import { z } from 'zod';
import { childHeapMb, childTask } from '../child-task.ts';
import { ChildTaskError } from '../errors.ts';
import type { Row, Scenario } from '../scenario.ts';
import { noConnections, watchConnections } from './connection-watch.ts';
import { contenderName, contenderSchema, tenantry, type ContenderSpec } from './contenders/contender.ts';
import { openContender } from './contenders/open.ts';
import { serverConnections, type PoolFixture } from './fixture.ts';
import { fleetConnections } from './fleet.ts';
import { tenantSchema } from './tenant.ts';
import { errorName } from './traffic.ts';
import { warmUp } from './workload.ts';

const inFlight = 8;

export const measureSweep = childTask({
  module: import.meta.url,
  name: 'measureSweep',
  input: z.object({ contender: contenderSchema, tenants: z.array(tenantSchema) }),
  output: z.object({ served: z.int(), perSecond: z.number(), rss: z.number(), errors: z.record(z.string(), z.int()) }),
  run: async ({ contender: spec, tenants }, report) => {
    await using contender = await openContender(spec, tenants);
    const errors: Record<string, number> = {};
    const left = tenants.values();
    let served = 0;
    const start = performance.now();
    const worker = async () => {
      // One iterator for all workers: each takes the next tenant that nobody has taken.
      for (const { tenantId } of left) {
        try {
          await contender.use(tenantId, warmUp);
          served += 1;
          report(`${served} tenants served`);
        } catch (error) {
          errors[errorName(error)] = (errors[errorName(error)] ?? 0) + 1;
        }
      }
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
    return { served, perSecond: (served * 1000) / (performance.now() - start), rss: process.memoryUsage().rss, errors };
  },
});

export const sweep: Scenario<PoolFixture> = {
  name: 'sweep',
  title: 'Each of 2,000 tenants once: who gets through, and what it takes',
  run: async ({ fixture, quick, progress, signal }) => {
    const tenants = [...(await fixture.tenants(quick ? 6 : 2000))];
    const contenders: ContenderSpec[] = [
      tenantry({ connections: fleetConnections }),
      { kind: 'map', connectionsPerTenant: 1 },
      { kind: 'lru', size: fleetConnections, connectionsPerTenant: 1 },
    ];
    const rows: Row[] = [];
    for (const spec of contenders) {
      await noConnections(fixture, signal);
      using watch = watchConnections(fixture);
      const contender = contenderName(spec);
      let reached = '';
      const onReport = (text: string) => progress.update(`${contender}: ${(reached = text)}`);
      try {
        const { served, perSecond, rss, errors } = await measureSweep.call({ contender: spec, tenants }, { signal, onReport });
        const note = Object.keys(errors).join(', ');
        const failed = { figure: 'tenants not served', contender, value: tenants.length - served, unit: '' } as const;
        const target = spec.kind === 'tenantry' ? { target: { text: '0', isMet: served === tenants.length } } : {};
        rows.push({ ...failed, ...target, ...(note === '' ? {} : { note }) });
        rows.push({ figure: 'tenants served', contender, value: perSecond, unit: '/s' });
        rows.push({ figure: 'RSS at the end', contender, value: rss / 2 ** 20, unit: 'MB' });
      } catch (error) {
        if (!(error instanceof ChildTaskError)) throw error;
        rows.push({ figure: 'tenants not served', contender, value: null, unit: '', note: `${error.message.split('\n')[0]}, ${reached}` });
      }
      rows.push({ figure: 'most connections', contender, value: watch.peak, unit: '' });
    }
    return {
      rows,
      notes: [
        `14 kinds of request for each tenant, ${inFlight} tenants at a time. The server takes ${serverConnections} connections, and every contender ` +
          `may use ${childHeapMb} MB of heap: one that needs more dies.`,
      ],
      samples: rows,
    };
  },
};
