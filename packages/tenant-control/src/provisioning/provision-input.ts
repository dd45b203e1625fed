import { displayName, emailAddress, plainText } from '@tenantry/prisma';
import { TenantTier } from '@tenantry/prisma/control';
import { z } from 'zod';

const slugRule = 'must be 3 to 40 lower-case letters, digits and single hyphens, starting with a letter';

/** Slugs that could be taken for a part of the installation when they stand in a host name or a path. */
const reservedSlugs: ReadonlySet<string> = new Set(
  `admin api app assets auth billing blog cdn console control dashboard dev docs graphql health help internal livez localhost login
  logout mail metrics null operator postgres public readyz root sandbox signup staging static status support system template tenant
  tenantry tenants test undefined users www`.split(/\s+/),
);

/** Slugs of tenants that were: a name for each that nobody else takes. */
const tombstoneSlugs = /^deleted-[0-9a-f]{32}$/;

/** The slug of a tenant of which nothing is left but its id. */
export function tombstoneSlug(tenantId: string): string {
  return `deleted-${tenantId.replaceAll('-', '')}`;
}

/** What a tenant is reached by: fits a label of a host name (RFC 1123 §2.1). */
export const slugSchema = z
  .string()
  .min(3, slugRule)
  .max(40, slugRule)
  .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, slugRule)
  .refine((slug) => !reservedSlugs.has(slug) && !tombstoneSlugs.test(slug), 'is reserved');

/** What `provisionTenant` takes; null counts as left out. */
export const provisionInputSchema = z.object({
  slug: slugSchema,
  name: displayName,
  tier: z.enum(TenantTier).nullish(),
  /** Default: the cluster that is called like the tier, else the first one. */
  cluster: z.string().nullish(),
  /** Is invited as the tenant's owner. */
  firstOwner: z.object({ email: emailAddress, name: displayName }).nullish(),
});

export type ProvisionInput = z.input<typeof provisionInputSchema>;

/** A checked {@link ProvisionInput}. */
export type TenantSpecification = z.output<typeof provisionInputSchema>;

const longestIdempotencyKey = 200;
export const idempotencyKeySchema = plainText
  .min(1, 'must not be empty')
  .max(longestIdempotencyKey, `is longer than ${longestIdempotencyKey} characters`);
