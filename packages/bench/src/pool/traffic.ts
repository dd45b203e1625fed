import { createHistogram } from 'node:perf_hooks';
import { z } from 'zod';
import { seededRandom, zipf } from '../random.ts';
import { NoAnswerError } from '../errors.ts';
import type { Contender } from './contenders/contender.ts';
import type { Tenant } from './tenant.ts';
import { drawRequest } from './workload.ts';

/** Milliseconds from a request's start to its answer; null when none was answered. */
const latency = z.number().nullable();

export const trafficResult = z.object({
  /** All that were made, those that failed among them. */
  requests: z.int(),
  /** Those that were answered. */
  perSecond: z.number(),
  /** How many failed, by what they failed with. */
  errors: z.record(z.string(), z.int()),
  /** How many tenants had an answer. */
  tenants: z.int(),
  p50: latency,
  p99: latency,
  max: latency,
});

export type TrafficResult = z.infer<typeof trafficResult>;

export interface TrafficOptions {
  contender: Contender;
  /** The first is asked for most, by Zipf's law. */
  tenants: readonly Tenant[];
  /** Requests at the same time. */
  inFlight: number;
  durationMs: number;
  seed: number;
}

const exponent = 1;
/** Milliseconds after which nobody waits for an answer any more. */
const answerDeadlineMs = 10_000;
const nanosecondsPerMs = 1e6;

/** Keeps `inFlight` requests going over all tenants: each worker begins its next one when the last has ended. */
export async function runTraffic({ contender, tenants, inFlight, durationMs, seed }: TrafficOptions): Promise<TrafficResult> {
  const random = seededRandom(seed);
  const nextTenant = zipf(tenants.length, exponent, random);
  const latencies = createHistogram();
  const errors: Record<string, number> = {};
  const served = new Set<string>();
  const start = performance.now();
  let requests = 0;

  const request = async (tenantId: string) => {
    const begun = performance.now();
    try {
      await inTime(contender.use(tenantId, drawRequest(random)));
      latencies.record(Math.max(1, Math.round((performance.now() - begun) * nanosecondsPerMs)));
      served.add(tenantId);
    } catch (error) {
      const name = errorName(error);
      errors[name] = (errors[name] ?? 0) + 1;
    }
  };
  const worker = async () => {
    while (performance.now() - start < durationMs) {
      requests += 1;
      await request(tenants[nextTenant()]?.tenantId ?? '');
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));

  const milliseconds = (percentile: number) => (latencies.count > 0 ? latencies.percentile(percentile) / nanosecondsPerMs : null);
  return {
    requests,
    perSecond: (latencies.count * 1000) / (performance.now() - start),
    errors,
    tenants: served.size,
    p50: milliseconds(50),
    p99: milliseconds(99),
    max: milliseconds(100),
  };
}

async function inTime(answer: Promise<unknown>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new NoAnswerError()), answerDeadlineMs);
  try {
    await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A label for a kind of error, the same for all of its kind: of what it says, the last line without ids and numbers. */
export function errorName(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const lastLine = error.message.trim().split('\n').at(-1) ?? '';
  const reason = lastLine
    .replaceAll(/[0-9a-f-]{36}/g, '…')
    .replaceAll(/\d+/g, 'n')
    .slice(0, longestReason);
  return reason === '' ? error.name : `${error.name}: ${reason}`;
}

const longestReason = 60;
