import { expect, test } from 'vitest';
import { Progress } from '../progress.ts';
import { apolloGateway } from './contenders/apollo-gateway.ts';
import { hiveGateways } from './contenders/hive-gateway.ts';
import { tenantry } from './contenders/tenantry.ts';
import type { GatewayFixture } from './fixture.ts';
import { overall } from './overall.ts';

const contenders = [tenantry, apolloGateway, ...hiveGateways];
const options = { rounds: 1, quick: true, soakMs: 0, seed: 1, progress: new Progress(null), signal: new AbortController().signal };

/** @param cpuMs of the contenders, by workload */
async function judge(cpuMs: Record<string, number[]>) {
  const measuredCpu = new Map(
    Object.entries(cpuMs).map(([workload, values]) => [
      workload,
      new Map(contenders.map(({ name }, index) => [name, values[index] ?? NaN])),
    ]),
  );
  const fixture: Pick<GatewayFixture, 'measuredCpu' | 'contenders'> = { measuredCpu, contenders };
  const { rows } = await overall.run({ ...options, fixture });
  return rows
    .filter(({ figure }) => figure.endsWith('judged'))
    .map(({ value, target }) => [value && Math.round(value * 100) / 100, target?.isMet]);
}

test('judges by the geometric mean, and Hive by the better of its two', async () => {
  expect(await judge({ a: [1, 4, 9, 1], b: [2, 18, 8, 8] })).toEqual([
    [6, true],
    [2, true],
  ]);
  expect(await judge({ a: [1, 4.9, 1.4, 1] })).toEqual([
    [4.9, false],
    [1, false],
  ]);
});

test('judges nothing that was not measured', async () => {
  expect(await judge({})).toEqual([
    [null, undefined],
    [null, undefined],
  ]);
});
