import { Hibernation } from '@tenantry/prisma/control';
import { z } from 'zod';

/** What becomes, or has become, of the database meanwhile. */
const hibernationInput = z.object({ hibernation: z.enum(Hibernation) });

export type HibernationInput = z.output<typeof hibernationInput>;

export function parseHibernation(input: unknown): HibernationInput {
  return hibernationInput.parse(input);
}
