import type { Row, Scenario } from '../scenario.ts';
import { geometricMean } from '../statistics.ts';
import { apolloGateway } from './contenders/apollo-gateway.ts';
import { hiveGateways } from './contenders/hive-gateway.ts';
import { tenantry } from './contenders/tenantry.ts';
import type { GatewayFixture, MeasuredCpu } from './fixture.ts';

/** How many times our CPU the others' is to be, at least. */
const least = { apollo: 5, bestHive: 1.5 };

export const overall: Scenario<Pick<GatewayFixture, 'measuredCpu' | 'contenders'>> = {
  name: 'overall',
  title: 'CPU per request over all workloads of this run',
  run: async ({ fixture: { measuredCpu, contenders } }) => {
    const factors = new Map(contenders.map(({ name }) => [name, factorOf(name, measuredCpu)]));
    const hive = hiveGateways.map(({ name }) => factors.get(name) ?? null).filter((factor) => factor !== null);
    const rows = contenders.flatMap(({ name }): Row[] => {
      if (name === tenantry.name) return [];
      return [{ figure: 'CPU ÷ ours', contender: name, value: factors.get(name) ?? null, unit: '' }];
    });
    return {
      rows: [
        judged(apolloGateway.name, factors.get(apolloGateway.name) ?? null, least.apollo),
        judged('the best of Hive Gateway', hive.length > 0 ? Math.min(...hive) : null, least.bestHive),
        ...rows,
      ],
      notes: [
        `Geometric mean over the workloads of this run: ${[...measuredCpu.keys()].join(', ') || 'none'}.`,
        ...contenders.map(({ name, setUp }) => `${name}: ${setUp}.`),
      ],
      samples: [],
    };
  },
};

function factorOf(contender: string, measuredCpu: MeasuredCpu): number | null {
  const factors = [...measuredCpu.values()].map((cpu) => (cpu.get(contender) ?? NaN) / (cpu.get(tenantry.name) ?? NaN));
  return factors.length > 0 ? geometricMean(factors) : null;
}

function judged(contender: string, factor: number | null, limit: number): Row {
  const row: Row = { figure: 'CPU ÷ ours, judged', contender, value: factor, unit: '' };
  if (factor === null) return { ...row, note: 'was not measured in this run' };
  return { ...row, target: { text: `≥ ${limit}`, isMet: factor >= limit } };
}
