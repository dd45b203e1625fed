import { z } from 'zod';

const purgeInput = z.object({
  /** Whether what was removed is looked for afterwards, everywhere, and certified: an erasure. Default: a purge is no more than that. */
  certify: z.boolean().default(false),
});

export const erasureInput = { certify: true } as const;

/** Whether a purge, by its saga's input, is an erasure. */
export function isErasure(input: unknown): boolean {
  return purgeInput.parse(input).certify;
}
