import { z } from 'zod';

/** A tenant's id: a UUID, in lower case so that one tenant has one spelling in every cache key. */
export const tenantIdSchema = z.guid('must be a UUID').transform((id) => id.toLowerCase());
