import { median } from '../statistics.ts';
import type { LoadReport } from './load.ts';

export interface Measurement extends LoadReport {
  contender: string;
  round: number;
  /** Milliseconds of processor time for each request, of all processes that are measured. */
  cpuMs: number;
  peakMemoryMb: number;
}

/** The median over a contender's rounds. */
export function medianOf(samples: readonly Measurement[], contender: string, of: (sample: Measurement) => number): number {
  return median(samples.filter((sample) => sample.contender === contender).map(of));
}

/** Answers per second. */
export function rateOf({ requests, seconds }: Measurement): number {
  return requests / seconds;
}
