import { alternated } from '../rounds.ts';
import type { Scenario } from '../scenario.ts';
import { median } from '../statistics.ts';
import { timed, type ProvisionFixture } from './fixture.ts';

const concurrencies = [1, 4, 16];

export const sustained: Scenario<ProvisionFixture> = {
  name: 'sustained',
  title: 'Tenants per second, one after the other, while the shelf is refilled beside it',
  run: async ({ fixture: { shelved }, rounds, quick, progress, signal }) => {
    const tenants = quick ? 4 : 64;
    const samples = new Map<number, number[]>(concurrencies.map((concurrency) => [concurrency, []]));
    for (const { contender: concurrency, round } of alternated(concurrencies, rounds)) {
      signal.throwIfAborted();
      progress.update(`round ${round}, ${concurrency} at a time`);
      await shelved.refill();
      let left = tenants;
      const worker = async () => {
        while (left > 0) {
          left -= 1;
          await shelved.provision();
        }
      };
      const ms = await timed(async () => await Promise.all(Array.from({ length: concurrency }, worker)));
      samples.get(concurrency)?.push((tenants * 1000) / ms);
    }
    return {
      rows: [...samples].map(([concurrency, rates]) => ({
        figure: `${concurrency} at a time`,
        contender: 'provisionTenant',
        value: median(rates),
        unit: '/s',
      })),
      notes: [`${tenants} tenants each. Those that find the shelf empty get a clone.`],
      samples: Object.fromEntries(samples),
    };
  },
};
