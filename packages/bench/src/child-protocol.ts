import { z } from 'zod';

/** What a child is told to do. */
export const orderSchema = z.object({ module: z.string(), name: z.string(), input: z.unknown() });

/** What a child says: any number of reports, then one of the others. */
export const answerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('report'), text: z.string() }),
  z.object({ kind: z.literal('result'), output: z.unknown() }),
  z.object({ kind: z.literal('failure'), message: z.string() }),
]);

export type Answer = z.infer<typeof answerSchema>;
