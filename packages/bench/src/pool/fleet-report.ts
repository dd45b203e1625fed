import type { Row } from '../scenario.ts';
import { medianOfMeasured } from '../statistics.ts';
import { contenderName, type ContenderSpec } from './contenders/contender.ts';
import type { TrafficResult } from './traffic.ts';

export interface FleetCase {
  contender: ContenderSpec;
  /** Whether the server refuses connections beyond the limit. */
  isLimited: boolean;
  inFlight: number;
}

export interface FleetSample extends FleetCase {
  /** Null when the process died. */
  result: (TrafficResult & { rss: number }) | null;
  /** Why it died. */
  death: string | null;
  /** The most connections that the server had at once. */
  peak: number;
}

export function fleetRows(samples: readonly FleetSample[]): Row[] {
  const cases = Map.groupBy(samples, (sample) => `${sample.inFlight} in flight|${caseName(sample)}`);
  return [...cases].flatMap(([key, rounds]) => {
    const [figure = '', contender = ''] = key.split('|');
    return rowsOf(figure, contender, rounds);
  });
}

function caseName({ contender, isLimited }: FleetCase): string {
  return `${contenderName(contender)}, ${isLimited ? '60 on the server' : 'no limit'}`;
}

function rowsOf(figure: string, contender: string, rounds: readonly FleetSample[]): Row[] {
  const death = rounds.find((round) => round.death !== null)?.death;
  const results = rounds.flatMap(({ result }) => result ?? []);
  const of = (value: (result: TrafficResult & { rss: number }) => number | null) => medianOfMeasured(results.map(value));
  const isOurs = rounds[0]?.contender.kind === 'tenantry';
  const failed = results.reduce((sum, { errors }) => sum + Object.values(errors).reduce((total, count) => total + count, 0), 0);
  const kinds = [...new Set(results.flatMap(({ errors }) => Object.keys(errors)))].join(', ');
  const note = death ?? (kinds === '' ? undefined : kinds);
  return [
    {
      figure: `${figure}: failed requests`,
      contender,
      value: death ? null : failed,
      unit: '',
      ...(isOurs ? { target: { text: '0', isMet: failed === 0 && !death } } : {}),
      ...(note === undefined ? {} : { note }),
    },
    { figure: `${figure}: requests answered`, contender, value: of(({ perSecond }) => perSecond), unit: '/s' },
    { figure: `${figure}: p50`, contender, value: of(({ p50 }) => p50), unit: 'ms' },
    { figure: `${figure}: p99`, contender, value: of(({ p99 }) => p99), unit: 'ms' },
    { figure: `${figure}: most connections`, contender, value: Math.max(...rounds.map(({ peak }) => peak)), unit: '' },
    { figure: `${figure}: RSS`, contender, value: of(({ rss }) => rss / 2 ** 20), unit: 'MB' },
  ];
}
