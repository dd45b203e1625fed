import { alternated } from '../rounds.ts';
import type { Row, Scenario } from '../scenario.ts';
import { median, quantile } from '../statistics.ts';
import type { ProvisionFixture } from './fixture.ts';
import { openMovedTenant } from './moved-tenant.ts';
import { withTraffic, type TrafficReport } from './moved-traffic.ts';

const ways = ['replication', 'dump'] as const;
type Way = (typeof ways)[number];

interface Sample extends TrafficReport {
  readonly way: Way;
  readonly users: number;
  /** Milliseconds that requests had to wait, as the account of the move has it. */
  readonly pauseMs: number;
}

const sizes = [1000, 100_000];

export const move: Scenario<ProvisionFixture> = {
  name: 'move',
  title: 'A tenant that is moved to another server while 4 writers and 4 readers use it',
  onRequest: true,
  run: async ({ rounds, quick, progress, signal }) => {
    const samples: Sample[] = [];
    for (const users of quick ? [100] : sizes) {
      await using tenant = await openMovedTenant(users);
      for (const { contender: way, round } of alternated(ways, rounds)) {
        signal.throwIfAborted();
        progress.update(`${users} users, round ${round}, ${way}`);
        let pauseMs = 0;
        const traffic = await withTraffic(tenant.pool, tenant.tenantId, async () => {
          pauseMs = (await tenant.move(way)).pauseMs ?? 0;
        });
        samples.push({ way, users, pauseMs, ...traffic });
      }
    }
    return {
      rows: rowsOf(samples),
      notes: [
        'Two servers with fsync and the client, all on this machine. Both copies are compared by checksums of all rows.',
        'A request that waits is not one that failed. Written are the rows of which the client was told that they are.',
      ],
      samples,
    };
  },
};

function rowsOf(samples: readonly Sample[]): Row[] {
  const groups = Map.groupBy(samples, ({ way, users }) => `${way}, ${users} users`);
  return [...groups].flatMap(([contender, group]): Row[] => {
    const total = (count: (sample: Sample) => number) => group.reduce((sum, sample) => sum + count(sample), 0);
    const none = (figure: string, value: number): Row => ({
      figure,
      contender,
      value,
      unit: '',
      target: { text: '0', isMet: value === 0 },
    });
    const pauses = group.map(({ pauseMs }) => pauseMs);
    return [
      { figure: 'requests wait, median', contender, value: median(pauses), unit: 'ms' },
      { figure: 'requests wait, longest', contender, value: quantile(pauses, 1), unit: 'ms' },
      { figure: 'slowest request', contender, value: Math.max(...group.map(({ longestMs }) => longestMs)), unit: 'ms' },
      { figure: 'requests', contender, value: total(({ requests }) => requests), unit: '' },
      none(
        'requests failed',
        total(({ failed }) => failed),
      ),
      none(
        'rows lost or doubled',
        total(({ lostOrDoubled }) => lostOrDoubled),
      ),
    ];
  });
}
