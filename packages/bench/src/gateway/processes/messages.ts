import { z } from 'zod';

/** What a process of a run is told. */
export const orderSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('start'), module: z.string(), name: z.string(), input: z.unknown() }),
  z.object({ kind: z.literal('usage') }),
]);

const usageSchema = z.object({
  /** Milliseconds of processor time since it began, of all its threads. */
  cpuMs: z.number(),
  /** The most memory that it had at any time (`VmHWM`; elsewhere than on Linux, `ru_maxrss`). */
  peakMemoryMb: z.number(),
});

/** What it says: once that it is ready, or could not start; and its usage each time that it is asked. */
export const reportSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), url: z.string() }),
  z.object({ kind: z.literal('failure'), message: z.string() }),
  usageSchema.extend({ kind: z.literal('usage') }),
]);

export type Report = z.infer<typeof reportSchema>;
export type ProcessUsage = z.infer<typeof usageSchema>;
