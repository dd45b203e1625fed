import { TenantTier } from '@tenantry/prisma/control';
import { z } from 'zod';

/** What a provisioning keeps of what was asked for. It was checked before it was stored. */
const provisioningInput = z.object({
  specification: z.object({
    slug: z.string(),
    name: z.string(),
    tier: z.enum(TenantTier).nullish(),
    firstOwner: z.object({ email: z.string(), name: z.string() }).nullish(),
  }),
  clusterName: z.string(),
  /** Whether the database came from the shelf, ready. */
  isShelved: z.boolean(),
  /** The backup that the tenant begins with, if any. */
  backupId: z.string().nullish(),
});

export type ProvisioningInput = z.output<typeof provisioningInput>;

export function parseProvisioning(input: unknown): ProvisioningInput {
  return provisioningInput.parse(input);
}
