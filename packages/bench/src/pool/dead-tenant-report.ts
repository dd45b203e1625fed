import type { Row } from '../scenario.ts';
import { median, medianOfMeasured } from '../statistics.ts';
import { formatNumber } from '../table.ts';

/** Without dead tenants, without them once more, and with them. */
export const deadTenantVariants = ['healthy', 'healthy again', 'with dead tenants'] as const;
type Variant = (typeof deadTenantVariants)[number];

export interface DeadTenantSample {
  /** Of the contender. */
  name: string;
  variant: Variant;
  /** Milliseconds, of healthy tenants. */
  p99: number;
  /** Requests of healthy tenants that failed, or had no end. */
  failed: number;
  /** Requests of dead tenants that had no end in time. */
  deadStuck: number;
  /** Milliseconds until a request of a dead tenant failed; null when none did in time. */
  deadMedianMs: number | null;
  deadP95Ms: number | null;
}

export interface DeadTenantReportOptions {
  /** Name of the contender that is judged. */
  ours: string;
  /** Milliseconds that requests for dead tenants had. */
  graceMs: number;
}

/** How often a p99 of 2,000 requests is multiplied, or divided, from run to run, and more. */
export const allowedMove = 1.25;

export function deadTenantRows(samples: readonly DeadTenantSample[], options: DeadTenantReportOptions): Row[] {
  const byName = Map.groupBy(samples, ({ name }) => name);
  return [...byName].flatMap(([contender, ofName]) => {
    const isOurs = contender === options.ours;
    return healthyRows(contender, ofName, isOurs).concat(deadRows(contender, ofName, options));
  });
}

function healthyRows(contender: string, samples: readonly DeadTenantSample[], isOurs: boolean): Row[] {
  const of = (variant: Variant) => samples.filter((sample) => sample.variant === variant);
  const p99 = (variant: Variant) => median(of(variant).map((sample) => sample.p99));
  const ratios = (variant: Variant) => of(variant).map((sample, round) => sample.p99 / (of('healthy')[round]?.p99 ?? NaN));
  const [again, dead] = [median(ratios('healthy again')), median(ratios('with dead tenants'))];
  const noise = Math.max(allowedMove, median(ratios('healthy again').map((ratio) => Math.max(ratio, 1 / ratio))));
  const failed = of('with dead tenants').reduce((sum, sample) => sum + sample.failed, 0);
  const to = 'without dead tenants';
  return [
    { figure: 'p99 of healthy tenants, none dead', contender, value: p99('healthy'), unit: 'ms' },
    { figure: '… none dead, again (noise)', contender, value: p99('healthy again'), unit: 'ms', ratio: { value: again, to } },
    {
      figure: '… with dead tenants',
      contender,
      value: p99('with dead tenants'),
      unit: 'ms',
      ratio: { value: dead, to },
      ...(isOurs ? { target: { text: `≤ ${formatNumber(noise)} (noise)`, isMet: dead <= noise } } : {}),
    },
    {
      figure: 'failed requests of healthy tenants',
      contender,
      value: failed,
      unit: '',
      ...(isOurs ? { target: { text: '0', isMet: failed === 0 } } : {}),
    },
  ];
}

function deadRows(contender: string, samples: readonly DeadTenantSample[], { graceMs }: DeadTenantReportOptions): Row[] {
  const ill = samples.filter(({ variant }) => variant === 'with dead tenants');
  const failsAfter = (figure: string, of: (sample: DeadTenantSample) => number | null): Row => {
    const value = medianOfMeasured(ill.map(of));
    return { figure, contender, value, unit: 'ms', ...(value === null ? { note: 'none failed in time' } : {}) };
  };
  return [
    failsAfter('a dead tenant’s request fails after, median', (sample) => sample.deadMedianMs),
    failsAfter('… p95', (sample) => sample.deadP95Ms),
    {
      figure: `… has no end within ${formatNumber(graceMs / 1000)} s`,
      contender,
      value: ill.reduce((sum, sample) => sum + sample.deadStuck, 0),
      unit: '',
    },
  ];
}
