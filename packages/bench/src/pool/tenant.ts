import { z } from 'zod';

/** A tenant and the way to its database. */
export const tenantSchema = z.object({
  tenantId: z.string(),
  /** With the role and its password, as a tutorial's client takes it. */
  url: z.string(),
});

export type Tenant = z.infer<typeof tenantSchema>;
